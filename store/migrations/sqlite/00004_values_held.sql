-- +goose Up

-- What changes in a field of many records at once can be held by itself, too.
ALTER TABLE runs RENAME COLUMN hold TO hold_before;
ALTER TABLE runs ADD COLUMN hold text NOT NULL DEFAULT '' CHECK (hold IN ('', 'sections', 'values', 'removals', 'all'));
UPDATE runs SET hold = hold_before;
ALTER TABLE runs DROP COLUMN hold_before;
