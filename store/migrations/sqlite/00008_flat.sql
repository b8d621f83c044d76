-- +goose Up

-- Who is in a group on which days, through groups that are members of it, at any depth. through is the group
-- that the element is in itself. A group that is in itself, from before that was refused, is gone through once.
CREATE VIEW flat_memberships AS
WITH RECURSIVE flat (group_id, element_id, starts_on, ends_on, through, path) AS (
    SELECT m.group_id, m.element_id, m.starts_on, m.ends_on, m.group_id, ',' || m.group_id || ',' || m.element_id || ','
      FROM memberships m
  UNION ALL
    SELECT f.group_id, m.element_id, max(f.starts_on, m.starts_on),
           CASE WHEN f.ends_on IS NULL THEN m.ends_on WHEN m.ends_on IS NULL THEN f.ends_on ELSE min(f.ends_on, m.ends_on) END,
           m.group_id, f.path || m.element_id || ','
      FROM flat f JOIN memberships m ON m.group_id = f.element_id
     WHERE instr(f.path, ',' || m.element_id || ',') = 0
       AND m.starts_on <= coalesce(f.ends_on, '9999') AND f.starts_on <= coalesce(m.ends_on, '9999')
)
SELECT group_id, element_id, starts_on, ends_on, through, group_id AS "group", element_id AS element FROM flat;

-- Groups within groups alone, for the triggers below: they are few.
CREATE VIEW nested_groups AS
WITH RECURSIVE below (outermost, id) AS (
    SELECT m.group_id, m.element_id FROM memberships m JOIN groups g ON g.id = m.element_id
  UNION
    SELECT b.outermost, m.element_id FROM below b JOIN memberships m ON m.group_id = b.id JOIN groups g ON g.id = m.element_id
)
SELECT outermost, id FROM below;

-- +goose StatementBegin
CREATE TRIGGER memberships_inserted_cycles AFTER INSERT ON memberships
  WHEN EXISTS (SELECT 1 FROM groups g WHERE g.id = NEW.element_id) BEGIN
    SELECT raise(ABORT, 'a group would be a member of itself, through others')
     WHERE EXISTS (SELECT 1 FROM nested_groups n WHERE n.outermost = NEW.group_id AND n.id = NEW.group_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER memberships_updated_cycles AFTER UPDATE OF group_id, element_id ON memberships
  WHEN EXISTS (SELECT 1 FROM groups g WHERE g.id = NEW.element_id) BEGIN
    SELECT raise(ABORT, 'a group would be a member of itself, through others')
     WHERE EXISTS (SELECT 1 FROM nested_groups n WHERE n.outermost = NEW.group_id AND n.id = NEW.group_id);
END;
-- +goose StatementEnd
