-- +goose Up

-- The house that a form belongs to, and who owns a group that staff gathered in the MIS.
ALTER TABLE groups ADD COLUMN house_id bigint REFERENCES houses;
ALTER TABLE groups ADD COLUMN owner_id bigint REFERENCES staff;
ALTER TABLE groups ADD COLUMN shared boolean NOT NULL DEFAULT false;

-- Lessons are of activities too, and of the school's own events. SQLite has no way to change a CHECK but this one,
-- which its manual describes under ALTER TABLE: nothing that is stored depends on it.
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '''assembly'', ''tutorial'')', '''assembly'', ''tutorial'', ''activity'', ''event'')')
  WHERE type = 'table' AND name = 'lessons';
PRAGMA writable_schema = RESET;

CREATE INDEX groups_house ON groups (house_id) WHERE house_id IS NOT NULL;
CREATE INDEX groups_owner ON groups (owner_id) WHERE owner_id IS NOT NULL;

-- Anew, for those that have no end: '9999' alone is a number to SQLite, and each text is larger than any number.
DROP VIEW flat_memberships;
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
       AND m.starts_on <= coalesce(f.ends_on, '9999-12-31') AND f.starts_on <= coalesce(m.ends_on, '9999-12-31')
)
SELECT group_id, element_id, starts_on, ends_on, through, group_id AS "group", element_id AS element FROM flat;

DROP TRIGGER memberships_inserted;
DROP TRIGGER memberships_updated;
-- +goose StatementBegin
CREATE TRIGGER memberships_inserted AFTER INSERT ON memberships BEGIN
    SELECT raise(ABORT, 'a membership reaches outside the life of its group (R19)')
     WHERE EXISTS (SELECT 1 FROM groups g WHERE g.id = NEW.group_id
       AND (NEW.starts_on < g.starts_on OR coalesce(NEW.ends_on, '9999-12-31') > coalesce(g.ends_on, '9999-12-31')));
    SELECT raise(ABORT, 'two memberships of the same element in the same group share a day (R18)')
     WHERE EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = NEW.group_id AND m.element_id = NEW.element_id AND m.id <> NEW.id
       AND m.starts_on <= coalesce(NEW.ends_on, '9999-12-31') AND coalesce(m.ends_on, '9999-12-31') >= NEW.starts_on);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER memberships_updated AFTER UPDATE OF group_id, element_id, starts_on, ends_on ON memberships BEGIN
    SELECT raise(ABORT, 'a membership reaches outside the life of its group (R19)')
     WHERE EXISTS (SELECT 1 FROM groups g WHERE g.id = NEW.group_id
       AND (NEW.starts_on < g.starts_on OR coalesce(NEW.ends_on, '9999-12-31') > coalesce(g.ends_on, '9999-12-31')));
    SELECT raise(ABORT, 'two memberships of the same element in the same group share a day (R18)')
     WHERE EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = NEW.group_id AND m.element_id = NEW.element_id AND m.id <> NEW.id
       AND m.starts_on <= coalesce(NEW.ends_on, '9999-12-31') AND coalesce(m.ends_on, '9999-12-31') >= NEW.starts_on);
END;
-- +goose StatementEnd
