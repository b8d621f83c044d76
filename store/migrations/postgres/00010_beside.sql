-- +goose Up

-- What an event of the school's own says beside its name, and who organises it.
ALTER TABLE lessons ADD COLUMN note text NOT NULL DEFAULT '', ADD COLUMN organiser_id bigint REFERENCES staff;
CREATE INDEX lessons_organiser ON lessons (organiser_id) WHERE organiser_id IS NOT NULL;

-- A cover is a booking of one teacher in the place of another's for the same lesson: covers_id is whose. Those
-- that came from an MIS have its id; a cover without one was entered by a person. Whoever takes a lesson
-- may cover somebody in it as well, and one teacher may cover two.
ALTER TABLE commitments ADD COLUMN covers_id bigint, ADD COLUMN source_id text,
    ADD CONSTRAINT commitments_source_of_covers CHECK (source_id IS NULL OR covers_id IS NOT NULL),
    ADD CONSTRAINT commitments_not_oneself CHECK (covers_id <> element_id);
ALTER TABLE commitments DROP CONSTRAINT commitments_lesson_id_element_id_key;
CREATE UNIQUE INDEX commitments_once ON commitments (lesson_id, element_id, covers_id) NULLS NOT DISTINCT;
CREATE INDEX commitments_covers ON commitments (covers_id) WHERE covers_id IS NOT NULL;

-- As in 00006, and who is covered has to be there, too.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_commitments() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    bad   bigint;
    mine  xid := pg_current_xact_id()::xid;
    older bigint[] := (SELECT array_agg(DISTINCT l.id) FROM fresh f JOIN lessons l ON l.id = f.lesson_id WHERE l.xmin <> mine);
BEGIN
    IF older IS NOT NULL THEN
        PERFORM 1 FROM lessons WHERE id = ANY (older) ORDER BY id FOR NO KEY UPDATE;
        UPDATE lessons SET code = code WHERE id = ANY (older);
    END IF;
    PERFORM 1 FROM elements WHERE xmin <> mine AND (id IN (SELECT element_id FROM fresh)
        OR id IN (SELECT covers_id FROM fresh WHERE covers_id IS NOT NULL)) ORDER BY id FOR KEY SHARE;
    UPDATE elements SET kind = kind WHERE kind = 'group' AND id IN (SELECT element_id FROM fresh) AND xmin <> mine;

    SELECT min(f.id) INTO bad FROM fresh f
      LEFT JOIN lessons l ON l.id = f.lesson_id LEFT JOIN elements e ON e.id = f.element_id
     WHERE l.id IS NULL OR e.id IS NULL;
    IF bad IS NULL THEN
        SELECT min(f.id) INTO bad FROM fresh f
         WHERE f.covers_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM elements v WHERE v.id = f.covers_id);
    END IF;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'commitment % books an element for a lesson, and not both exist', bad
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'commitments_references', TABLE = 'commitments';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION check_not_booked() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    bad bigint;
BEGIN
    SELECT min(s.id) INTO bad FROM stale s WHERE EXISTS (SELECT 1 FROM commitments c WHERE c.element_id = s.id)
        OR EXISTS (SELECT 1 FROM commitments c WHERE c.covers_id = s.id);
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION '% % cannot be deleted: lessons need it', TG_TABLE_NAME, bad
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'lessons_references', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- What runs did to one record is asked for by people. What is gone is found by what it belonged to.
CREATE INDEX changes_record ON changes (record_id);
CREATE INDEX changes_left_group ON changes (((before ->> 'group_id')::bigint)) WHERE entity = 'membership' AND action = 'delete';
CREATE INDEX changes_left_member ON changes (((before ->> 'element_id')::bigint)) WHERE entity = 'membership' AND action = 'delete';
CREATE INDEX changes_left_lesson ON changes (((before ->> 'lesson_id')::bigint)) WHERE entity = 'commitment' AND action = 'delete';
CREATE INDEX changes_groups_gone ON changes ((before ->> 'source_id')) WHERE entity = 'group' AND action = 'delete';
CREATE INDEX changes_lessons_gone ON changes ((before ->> 'source_id')) WHERE entity = 'lesson' AND action = 'delete';

DROP VIEW lesson_details;
CREATE VIEW lesson_details AS
SELECT l.id AS lesson_id, l.source_id, l.code, l.on_date, l.starts_at, l.ends_at, l.suspended,
       string_agg(e.name, ', ' ORDER BY e.name) FILTER (WHERE e.kind = 'group') AS groups,
       string_agg(e.name, ', ' ORDER BY e.name) FILTER (WHERE e.kind = 'staff' AND c.covers_id IS NULL) AS staff,
       string_agg(e.name, ', ' ORDER BY e.name) FILTER (WHERE e.kind = 'location') AS rooms,
       l.kind, l.name,
       string_agg(e.name, ', ' ORDER BY e.name) FILTER (WHERE e.kind = 'subject') AS subject,
       string_agg(v.name, ', ' ORDER BY v.name, e.name) FILTER (WHERE c.covers_id IS NOT NULL) AS covered,
       string_agg(e.name, ', ' ORDER BY v.name, e.name) FILTER (WHERE c.covers_id IS NOT NULL) AS covered_by,
       l.note, o.name AS organiser
  FROM lessons l LEFT JOIN commitments c ON c.lesson_id = l.id LEFT JOIN elements e ON e.id = c.element_id
  LEFT JOIN elements v ON v.id = c.covers_id LEFT JOIN elements o ON o.id = l.organiser_id
 GROUP BY l.id, o.name;
