-- +goose Up

-- What changes in a field of many records at once can be held by itself, too.
ALTER TABLE runs DROP CONSTRAINT runs_hold_check;
ALTER TABLE runs ADD CONSTRAINT runs_hold_check CHECK (hold IN ('', 'sections', 'values', 'removals', 'all'));
