-- +goose Up

-- Which MIS is imported, and which one was before it.
ALTER TABLE datasources ADD COLUMN role text NOT NULL DEFAULT '' CHECK (role IN ('', 'current', 'previous'));
UPDATE datasources SET role = 'current' WHERE name = 'iSAMS';

-- A row may have an id of an MIS that nobody has entered yet: it waits to be adopted. SQLite cannot
-- change a CHECK but by its text, which is what its manual says to do (lang_altertable, section 7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK ((datasource_id IS NULL) = (source_id IS NULL))',
    'CHECK (datasource_id IS NULL OR source_id IS NOT NULL)') WHERE type = 'table';
PRAGMA writable_schema = RESET;

-- Days, both included, on which no import begins by itself, as a person entered them.
CREATE TABLE pauses (
    id        integer PRIMARY KEY AUTOINCREMENT,
    starts_on date NOT NULL,
    ends_on   date NOT NULL CHECK (ends_on >= starts_on),
    why       text NOT NULL DEFAULT ''
);

-- How a run was asked for, beside its day and its document.
ALTER TABLE runs ADD COLUMN options text NOT NULL DEFAULT '{}';
