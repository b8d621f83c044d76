-- +goose Up

-- What the guard said of a run, what of it waits for a person, and what became of that.
ALTER TABLE runs ADD COLUMN records text NOT NULL DEFAULT '{}';   -- of each section of the document
ALTER TABLE runs ADD COLUMN guard text NOT NULL DEFAULT '[]';
ALTER TABLE runs ADD COLUMN hold text NOT NULL DEFAULT '' CHECK (hold IN ('', 'sections', 'removals', 'all'));
ALTER TABLE runs ADD COLUMN waiting text NOT NULL DEFAULT '[]';   -- counts, as in counts
ALTER TABLE runs ADD COLUMN about bigint;                          -- the run that this one approves or undoes
ALTER TABLE runs ADD COLUMN decision text NOT NULL DEFAULT '' CHECK (decision IN ('', 'waiting', 'approved', 'rejected', 'replaced'));
ALTER TABLE runs ADD COLUMN decided_by bigint;                     -- the run that approved or replaced what waited
ALTER TABLE runs ADD COLUMN decided_at timestamp;
ALTER TABLE runs ADD COLUMN undone_by bigint;

-- The changes that a held run did not make. A record that would be new has a negative id.
CREATE TABLE held_changes (
    run_id    bigint NOT NULL,
    seq       bigint NOT NULL,
    entity    text NOT NULL,
    action    text NOT NULL CHECK (action IN ('create', 'update', 'end', 'reopen', 'delete')),
    record_id bigint NOT NULL,
    why       text NOT NULL DEFAULT '',
    before    text,
    after     text,
    PRIMARY KEY (run_id, seq)
);

-- For how many nights in a row a record has been absent from the MIS that is not ended yet.
CREATE TABLE absences (
    id         integer PRIMARY KEY AUTOINCREMENT,
    element_id bigint NOT NULL UNIQUE REFERENCES elements ON DELETE CASCADE,
    nights     integer NOT NULL CHECK (nights > 0),
    last_on    date NOT NULL
);

-- What imports are to leave as it is: a field of an element, or whether it is in a group.
CREATE TABLE pins (
    id         integer PRIMARY KEY AUTOINCREMENT,
    element_id bigint NOT NULL REFERENCES elements ON DELETE CASCADE,
    field      text NOT NULL DEFAULT '',
    group_id   bigint REFERENCES groups ON DELETE CASCADE,
    CHECK ((field = '') = (group_id IS NOT NULL))
);
CREATE UNIQUE INDEX pins_once ON pins (element_id, field, coalesce(group_id, 0));

-- Documents that are not imported again, for a run that did was undone.
CREATE TABLE unwanted_documents (
    id     integer PRIMARY KEY AUTOINCREMENT,
    sha256 text NOT NULL UNIQUE
);
