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

-- A group whose days stay is not looked at: memberships of before the triggers may break R19 until they
-- are trimmed.
DROP TRIGGER groups_updated;
-- +goose StatementBegin
CREATE TRIGGER groups_updated AFTER UPDATE OF starts_on, ends_on ON groups
  WHEN OLD.starts_on IS NOT NEW.starts_on OR OLD.ends_on IS NOT NEW.ends_on BEGIN
    SELECT raise(ABORT, 'a membership reaches outside the life of its group (R19)')
     WHERE EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = NEW.id
       AND (m.starts_on < NEW.starts_on OR coalesce(m.ends_on, '9999') > coalesce(NEW.ends_on, '9999')));
END;
-- +goose StatementEnd
