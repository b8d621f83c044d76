-- +goose Up

-- Who, of the people who log in to the pages, asked for a run, and who decided what becomes of what it holds.
-- Blank where nobody did: a night, or a command.
ALTER TABLE runs ADD COLUMN operator text NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN decided_operator text NOT NULL DEFAULT '';
