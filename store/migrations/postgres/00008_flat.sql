-- +goose Up

-- Who is in a group on which days, through groups that are members of it, at any depth. through is the group
-- that the element is in itself. A group that is in itself, from before that was refused, is gone through once.
CREATE VIEW flat_memberships AS
WITH RECURSIVE flat (group_id, element_id, starts_on, ends_on, through, path) AS (
    SELECT m.group_id, m.element_id, m.starts_on, m.ends_on, m.group_id, ARRAY[m.group_id, m.element_id]
      FROM memberships m
  UNION ALL
    SELECT f.group_id, m.element_id, greatest(f.starts_on, m.starts_on), least(f.ends_on, m.ends_on), m.group_id,
           f.path || m.element_id
      FROM flat f JOIN memberships m ON m.group_id = f.element_id
     WHERE m.element_id <> ALL (f.path)
       AND m.starts_on <= coalesce(f.ends_on, 'infinity') AND f.starts_on <= coalesce(m.ends_on, 'infinity')
)
SELECT group_id, element_id, starts_on, ends_on, through, group_id AS "group", element_id AS element FROM flat;

-- +goose StatementBegin
CREATE FUNCTION refuse_cycles() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    bad bigint;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM fresh f JOIN groups g ON g.id = f.element_id) THEN
        RETURN NULL;
    END IF;
    WITH RECURSIVE below (outermost, id) AS (
        SELECT f.group_id, f.element_id FROM fresh f JOIN groups g ON g.id = f.element_id
      UNION
        SELECT b.outermost, m.element_id FROM below b JOIN memberships m ON m.group_id = b.id JOIN groups g ON g.id = m.element_id
    )
    SELECT min(outermost) INTO bad FROM below WHERE id = outermost;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'group % would be a member of itself, through others', bad
            USING ERRCODE = 'check_violation', CONSTRAINT = 'memberships_not_in_itself', TABLE = 'memberships';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER memberships_inserted_cycles AFTER INSERT ON memberships REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_cycles();
CREATE TRIGGER memberships_updated_cycles AFTER UPDATE ON memberships REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_cycles();
