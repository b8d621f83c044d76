-- +goose Up

-- A first timetable is some hundred thousand bookings. Their references are checked a statement at
-- a time from now on, as those of memberships are: foreign keys look at each row by itself. What
-- they refused is refused as before. Those of lessons to eras and datasources stay foreign keys:
-- whoever adds a lesson is not to wait for others who add one in the same era.
ALTER TABLE commitments DROP CONSTRAINT commitments_lesson_id_fkey, DROP CONSTRAINT commitments_element_id_fkey;

-- Updating lessons and groups, though nothing in them changes, makes those who delete them from an
-- older snapshot fail and try again: no booking slips in between. Rows of this transaction no
-- other can delete. People and rooms are not updated, for then all who book one would wait for
-- each other: an undo, which deletes them, keeps others from booking while it works.
-- +goose StatementBegin
CREATE FUNCTION check_commitments() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    bad   bigint;
    mine  xid := pg_current_xact_id()::xid;
    older bigint[] := (SELECT array_agg(DISTINCT l.id) FROM fresh f JOIN lessons l ON l.id = f.lesson_id WHERE l.xmin <> mine);
BEGIN
    IF older IS NOT NULL THEN
        PERFORM 1 FROM lessons WHERE id = ANY (older) ORDER BY id FOR NO KEY UPDATE;
        UPDATE lessons SET code = code WHERE id = ANY (older);
    END IF;
    PERFORM 1 FROM elements WHERE id IN (SELECT element_id FROM fresh) AND xmin <> mine ORDER BY id FOR KEY SHARE;
    UPDATE elements SET kind = kind WHERE kind = 'group' AND id IN (SELECT element_id FROM fresh) AND xmin <> mine;

    SELECT min(f.id) INTO bad FROM fresh f
      LEFT JOIN lessons l ON l.id = f.lesson_id LEFT JOIN elements e ON e.id = f.element_id
     WHERE l.id IS NULL OR e.id IS NULL;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'commitment % books an element for a lesson, and not both exist', bad
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'commitments_references', TABLE = 'commitments';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER commitments_inserted AFTER INSERT ON commitments REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION check_commitments();
CREATE TRIGGER commitments_updated AFTER UPDATE ON commitments REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION check_commitments();

-- What is deleted with a lesson: its bookings.
-- +goose StatementBegin
CREATE FUNCTION delete_commitments() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM commitments WHERE lesson_id IN (SELECT id FROM stale);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER lessons_deleted AFTER DELETE ON lessons REFERENCING OLD TABLE AS stale
    FOR EACH STATEMENT EXECUTE FUNCTION delete_commitments();

-- What is not deleted while lessons need it: elements that they book.
-- +goose StatementBegin
CREATE FUNCTION check_not_booked() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    bad bigint;
BEGIN
    SELECT min(s.id) INTO bad FROM stale s WHERE EXISTS (SELECT 1 FROM commitments c WHERE c.element_id = s.id);
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION '% % cannot be deleted: lessons need it', TG_TABLE_NAME, bad
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'lessons_references', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER elements_not_booked AFTER DELETE ON elements REFERENCING OLD TABLE AS stale
    FOR EACH STATEMENT EXECUTE FUNCTION check_not_booked();

-- +goose StatementBegin
CREATE FUNCTION refuse_another_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is not possible: bookings refer to its rows by their ids', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'lessons_references', TABLE = TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER lessons_renumbered BEFORE UPDATE OF id ON lessons FOR EACH ROW WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION refuse_another_number();

-- Lessons can be emptied together with commitments, and not alone. The size of the table tells of bookings that a transaction cannot
-- see yet.
-- +goose StatementBegin
CREATE FUNCTION refuse_to_empty_alone() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF pg_relation_size('commitments') > 0 THEN
        RAISE EXCEPTION 'TRUNCATE of lessons is not possible: truncate commitments with it, which refer to them'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'commitments_references', TABLE = 'lessons';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER lessons_not_alone AFTER TRUNCATE ON lessons EXECUTE FUNCTION refuse_to_empty_alone();

-- A row that is deleted is looked for in the columns that refer to it. Without these indexes each
-- deletion looks the whole table through.
CREATE INDEX groups_tutor ON groups (tutor_id);
CREATE INDEX groups_subject ON groups (subject_id);
CREATE INDEX pupils_house ON pupils (house_id);
CREATE INDEX pupils_boarding_house ON pupils (boarding_house_id);
