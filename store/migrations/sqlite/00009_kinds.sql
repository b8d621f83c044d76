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
