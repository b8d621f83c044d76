-- +goose Up

ALTER TABLE lessons ADD COLUMN kind text NOT NULL DEFAULT 'lesson' CHECK (kind IN ('lesson', 'meeting', 'assembly', 'tutorial'));
ALTER TABLE lessons ADD COLUMN name text NOT NULL DEFAULT '';
-- A suspension stands in the school's file, or was entered by command.
ALTER TABLE suspensions ADD COLUMN origin text NOT NULL DEFAULT 'file' CHECK (origin IN ('file', 'command'));

-- What each day's lessons were, when they were last looked at, in few bytes: days of which
-- the MIS says the same need not be read. Whoever changes a day's lessons makes it
-- forgotten. It holds nothing that could not be worked out again.
CREATE TABLE lesson_days (
    datasource_id bigint NOT NULL REFERENCES datasources,
    on_date       date NOT NULL,
    digest        text NOT NULL,
    PRIMARY KEY (datasource_id, on_date)
);

-- +goose StatementBegin
CREATE TRIGGER lessons_added AFTER INSERT ON lessons WHEN EXISTS (SELECT 1 FROM lesson_days) BEGIN
    DELETE FROM lesson_days WHERE on_date = NEW.on_date;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER lessons_changed AFTER UPDATE ON lessons WHEN EXISTS (SELECT 1 FROM lesson_days) BEGIN
    DELETE FROM lesson_days WHERE on_date IN (OLD.on_date, NEW.on_date);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER lessons_removed AFTER DELETE ON lessons WHEN EXISTS (SELECT 1 FROM lesson_days) BEGIN
    DELETE FROM lesson_days WHERE on_date = OLD.on_date;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER commitments_added AFTER INSERT ON commitments WHEN EXISTS (SELECT 1 FROM lesson_days) BEGIN
    DELETE FROM lesson_days WHERE on_date = (SELECT on_date FROM lessons WHERE id = NEW.lesson_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER commitments_changed AFTER UPDATE ON commitments WHEN EXISTS (SELECT 1 FROM lesson_days) BEGIN
    DELETE FROM lesson_days WHERE on_date IN (SELECT on_date FROM lessons WHERE id IN (OLD.lesson_id, NEW.lesson_id));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER commitments_removed AFTER DELETE ON commitments WHEN EXISTS (SELECT 1 FROM lesson_days) BEGIN
    DELETE FROM lesson_days WHERE on_date = (SELECT on_date FROM lessons WHERE id = OLD.lesson_id);
END;
-- +goose StatementEnd
