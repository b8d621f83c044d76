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
CREATE FUNCTION forget_lesson_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM lesson_days) THEN
        DELETE FROM lesson_days WHERE on_date IN (SELECT t.on_date FROM touched t);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION forget_committed_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM lesson_days) THEN
        DELETE FROM lesson_days WHERE on_date IN (SELECT l.on_date FROM touched t JOIN lessons l ON l.id = t.lesson_id);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION forget_all_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM lesson_days;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER lessons_added AFTER INSERT ON lessons REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget_lesson_days();
CREATE TRIGGER lessons_changed_from AFTER UPDATE ON lessons REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget_lesson_days();
CREATE TRIGGER lessons_changed_to AFTER UPDATE ON lessons REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget_lesson_days();
CREATE TRIGGER lessons_removed AFTER DELETE ON lessons REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget_lesson_days();
CREATE TRIGGER lessons_emptied AFTER TRUNCATE ON lessons EXECUTE FUNCTION forget_all_days();
CREATE TRIGGER commitments_added AFTER INSERT ON commitments REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget_committed_days();
CREATE TRIGGER commitments_changed_from AFTER UPDATE ON commitments REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget_committed_days();
CREATE TRIGGER commitments_changed_to AFTER UPDATE ON commitments REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget_committed_days();
CREATE TRIGGER commitments_removed AFTER DELETE ON commitments REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION forget_committed_days();
CREATE TRIGGER commitments_emptied AFTER TRUNCATE ON commitments EXECUTE FUNCTION forget_all_days();
