-- +goose Up

-- The house that a form belongs to, and who owns a group that staff gathered in the MIS.
ALTER TABLE groups ADD COLUMN house_id bigint REFERENCES houses;
ALTER TABLE groups ADD COLUMN owner_id bigint REFERENCES staff;
ALTER TABLE groups ADD COLUMN shared boolean NOT NULL DEFAULT false;

-- Lessons are of activities too, and of the school's own events.
ALTER TABLE lessons DROP CONSTRAINT lessons_kind_check;
ALTER TABLE lessons ADD CONSTRAINT lessons_kind_check CHECK (kind IN ('lesson', 'meeting', 'assembly', 'tutorial', 'activity', 'event'));

CREATE INDEX groups_house ON groups (house_id) WHERE house_id IS NOT NULL;
CREATE INDEX groups_owner ON groups (owner_id) WHERE owner_id IS NOT NULL;
