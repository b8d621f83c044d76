-- +goose Up

-- What an event of the school's own says beside its name, and who organises it.
ALTER TABLE lessons ADD COLUMN note text NOT NULL DEFAULT '';
ALTER TABLE lessons ADD COLUMN organiser_id bigint REFERENCES staff;
CREATE INDEX lessons_organiser ON lessons (organiser_id) WHERE organiser_id IS NOT NULL;

-- A cover is a booking of one teacher in the place of another's for the same lesson: covers_id is whose. Those
-- that came from an MIS have its id; a cover without one was entered by a person. Whoever takes a lesson
-- may cover somebody in it as well, and one teacher may cover two: so what has to be unique is another,
-- and the table is made anew. Ids go on from where they were.
DROP VIEW lesson_details;
CREATE TABLE commitments_anew (
    id         integer PRIMARY KEY AUTOINCREMENT,
    lesson_id  bigint NOT NULL REFERENCES lessons ON DELETE CASCADE,
    element_id bigint NOT NULL REFERENCES elements,
    covers_id  bigint REFERENCES elements,
    source_id  text,
    CONSTRAINT commitments_source_of_covers CHECK (source_id IS NULL OR covers_id IS NOT NULL),
    CONSTRAINT commitments_not_oneself CHECK (covers_id <> element_id)
);
INSERT INTO commitments_anew (id, lesson_id, element_id) SELECT id, lesson_id, element_id FROM commitments;
DELETE FROM sqlite_sequence WHERE name = 'commitments_anew';
INSERT INTO sqlite_sequence (name, seq) SELECT 'commitments_anew', seq FROM sqlite_sequence WHERE name = 'commitments';
DROP TABLE commitments;
ALTER TABLE commitments_anew RENAME TO commitments;
CREATE UNIQUE INDEX commitments_once ON commitments (lesson_id, element_id, coalesce(covers_id, 0));
CREATE INDEX commitments_element ON commitments (element_id);
CREATE INDEX commitments_covers ON commitments (covers_id) WHERE covers_id IS NOT NULL;

-- As in 00002: they went with the table.
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

-- What runs did to one record is asked for by people. What is gone is found by what it belonged to.
CREATE INDEX changes_record ON changes (record_id);
CREATE INDEX changes_left_group ON changes (CAST((before ->> 'group_id') AS bigint)) WHERE entity = 'membership' AND action = 'delete';
CREATE INDEX changes_left_member ON changes (CAST((before ->> 'element_id') AS bigint)) WHERE entity = 'membership' AND action = 'delete';
CREATE INDEX changes_left_lesson ON changes (CAST((before ->> 'lesson_id') AS bigint)) WHERE entity = 'commitment' AND action = 'delete';
CREATE INDEX changes_groups_gone ON changes ((before ->> 'source_id')) WHERE entity = 'group' AND action = 'delete';
CREATE INDEX changes_lessons_gone ON changes ((before ->> 'source_id')) WHERE entity = 'lesson' AND action = 'delete';

-- In SQL that SQLite programs before 3.44 can read too: others open this file.
CREATE VIEW lesson_details AS
SELECT l.id AS lesson_id, l.source_id, l.code, l.on_date, l.starts_at, l.ends_at, l.suspended,
       (SELECT group_concat(name, ', ') FROM (SELECT e.name FROM commitments c JOIN elements e ON e.id = c.element_id
         WHERE c.lesson_id = l.id AND e.kind = 'group' ORDER BY e.name)) AS groups,
       (SELECT group_concat(name, ', ') FROM (SELECT e.name FROM commitments c JOIN elements e ON e.id = c.element_id
         WHERE c.lesson_id = l.id AND e.kind = 'staff' AND c.covers_id IS NULL ORDER BY e.name)) AS staff,
       (SELECT group_concat(name, ', ') FROM (SELECT e.name FROM commitments c JOIN elements e ON e.id = c.element_id
         WHERE c.lesson_id = l.id AND e.kind = 'location' ORDER BY e.name)) AS rooms,
       l.kind, l.name,
       (SELECT group_concat(name, ', ') FROM (SELECT e.name FROM commitments c JOIN elements e ON e.id = c.element_id
         WHERE c.lesson_id = l.id AND e.kind = 'subject' ORDER BY e.name)) AS subject,
       (SELECT group_concat(name, ', ') FROM (SELECT v.name FROM commitments c JOIN elements e ON e.id = c.element_id
         JOIN elements v ON v.id = c.covers_id WHERE c.lesson_id = l.id ORDER BY v.name, e.name)) AS covered,
       (SELECT group_concat(name, ', ') FROM (SELECT e.name FROM commitments c JOIN elements e ON e.id = c.element_id
         JOIN elements v ON v.id = c.covers_id WHERE c.lesson_id = l.id ORDER BY v.name, e.name)) AS covered_by,
       l.note, (SELECT o.name FROM elements o WHERE o.id = l.organiser_id) AS organiser
  FROM lessons l;
