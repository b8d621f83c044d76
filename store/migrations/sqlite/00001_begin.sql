-- +goose Up

-- A datasource is an MIS. A row without one was made by a user: no import touches it.
CREATE TABLE datasources (
    id   integer PRIMARY KEY AUTOINCREMENT,
    name text NOT NULL UNIQUE
);
INSERT INTO datasources (name) VALUES ('iSAMS');

CREATE TABLE eras (
    id        integer PRIMARY KEY AUTOINCREMENT,
    name      text NOT NULL UNIQUE CHECK (name <> ''),
    starts_on date NOT NULL,
    ends_on   date CHECK (ends_on > starts_on)  -- NULL for the perpetual era alone
);
CREATE UNIQUE INDEX eras_one_perpetual ON eras ((ends_on IS NULL)) WHERE ends_on IS NULL;
INSERT INTO eras (name, starts_on) VALUES ('Perpetual', '1900-01-01');

CREATE TABLE settings (
    id               integer PRIMARY KEY CHECK (id = 1),
    current_era_id   bigint REFERENCES eras,
    next_era_id      bigint REFERENCES eras,
    previous_era_id  bigint REFERENCES eras,
    perpetual_era_id bigint NOT NULL REFERENCES eras
);
INSERT INTO settings (id, perpetual_era_id) SELECT 1, id FROM eras;

-- Whatever can belong to a group or be booked for a lesson. What is particular to
-- its kind stands in the kind's own table, under the same id.
CREATE TABLE elements (
    id      integer PRIMARY KEY AUTOINCREMENT,
    kind    text NOT NULL CHECK (kind IN ('pupil', 'staff', 'location', 'subject', 'house', 'group')),
    name    text NOT NULL,
    current boolean NOT NULL DEFAULT 1
);

CREATE TABLE staff (
    id                 integer PRIMARY KEY REFERENCES elements ON DELETE CASCADE,
    datasource_id      bigint REFERENCES datasources,
    source_id          text,
    initials           text NOT NULL DEFAULT '',
    code               text NOT NULL DEFAULT '',
    title              text NOT NULL DEFAULT '',
    forename           text NOT NULL DEFAULT '',
    surname            text NOT NULL DEFAULT '',
    email              text NOT NULL DEFAULT '',
    teaching           boolean NOT NULL DEFAULT 0,
    previous_source_id text NOT NULL DEFAULT '',
    CHECK ((datasource_id IS NULL) = (source_id IS NULL)),
    UNIQUE (datasource_id, source_id)
);

CREATE TABLE locations (
    id            integer PRIMARY KEY REFERENCES elements ON DELETE CASCADE,
    datasource_id bigint REFERENCES datasources,
    source_id     text,
    short_name    text NOT NULL DEFAULT '',
    CHECK ((datasource_id IS NULL) = (source_id IS NULL)),
    UNIQUE (datasource_id, source_id)
);

CREATE TABLE subjects (
    id            integer PRIMARY KEY REFERENCES elements ON DELETE CASCADE,
    datasource_id bigint REFERENCES datasources,
    source_id     text,
    code          text NOT NULL DEFAULT '',
    CHECK ((datasource_id IS NULL) = (source_id IS NULL)),
    UNIQUE (datasource_id, source_id)
);

CREATE TABLE houses (
    id            integer PRIMARY KEY REFERENCES elements ON DELETE CASCADE,
    datasource_id bigint REFERENCES datasources,
    source_id     text,  -- with its kind, for ids of the two kinds overlap: 'boarding/3'
    type          text NOT NULL DEFAULT 'academic' CHECK (type IN ('academic', 'boarding')),
    code          text NOT NULL DEFAULT '',
    CHECK ((datasource_id IS NULL) = (source_id IS NULL)),
    UNIQUE (datasource_id, source_id)
);

CREATE TABLE pupils (
    id                integer PRIMARY KEY REFERENCES elements ON DELETE CASCADE,
    datasource_id     bigint REFERENCES datasources,
    source_id         text,
    school_id         text NOT NULL DEFAULT '',
    forename          text NOT NULL DEFAULT '',
    surname           text NOT NULL DEFAULT '',
    known_as          text NOT NULL DEFAULT '',
    email             text NOT NULL DEFAULT '',
    year              smallint,  -- National Curriculum year
    house_id          bigint REFERENCES houses,
    boarding_house_id bigint REFERENCES houses,
    CHECK ((datasource_id IS NULL) = (source_id IS NULL)),
    UNIQUE (datasource_id, source_id)
);

CREATE TABLE groups (
    id            integer PRIMARY KEY REFERENCES elements ON DELETE CASCADE,
    datasource_id bigint REFERENCES datasources,
    source_id     text,
    kind          text NOT NULL CHECK (kind IN ('form', 'set', 'activity', 'custom', 'automatic', 'extra', 'house', 'user')),
    era_id        bigint NOT NULL REFERENCES eras,
    year          smallint,
    starts_on     date NOT NULL,
    ends_on       date CHECK (ends_on >= starts_on),
    subject_id    bigint REFERENCES subjects,
    tutor_id      bigint REFERENCES staff,
    suspended     boolean NOT NULL DEFAULT 0,
    CHECK ((datasource_id IS NULL) = (source_id IS NULL)),
    UNIQUE (datasource_id, era_id, kind, source_id)
);
CREATE INDEX groups_era ON groups (era_id);

-- A membership belongs to whoever owns its group. Both days are included.
CREATE TABLE memberships (
    id         integer PRIMARY KEY AUTOINCREMENT,
    group_id   bigint NOT NULL REFERENCES groups,
    element_id bigint NOT NULL REFERENCES elements,
    starts_on  date NOT NULL,
    ends_on    date,
    CONSTRAINT memberships_end_after_start CHECK (ends_on >= starts_on),
    CONSTRAINT memberships_not_in_itself CHECK (element_id <> group_id)
);
CREATE UNIQUE INDEX memberships_once ON memberships (group_id, element_id, starts_on);
CREATE INDEX memberships_element ON memberships (element_id);

-- +goose StatementBegin
CREATE TRIGGER memberships_inserted AFTER INSERT ON memberships BEGIN
    SELECT raise(ABORT, 'a membership reaches outside the life of its group (R19)')
     WHERE EXISTS (SELECT 1 FROM groups g WHERE g.id = NEW.group_id
       AND (NEW.starts_on < g.starts_on OR coalesce(NEW.ends_on, '9999') > coalesce(g.ends_on, '9999')));
    SELECT raise(ABORT, 'two memberships of the same element in the same group share a day (R18)')
     WHERE EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = NEW.group_id AND m.element_id = NEW.element_id AND m.id <> NEW.id
       AND m.starts_on <= coalesce(NEW.ends_on, '9999') AND coalesce(m.ends_on, '9999') >= NEW.starts_on);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER memberships_updated AFTER UPDATE OF group_id, element_id, starts_on, ends_on ON memberships BEGIN
    SELECT raise(ABORT, 'a membership reaches outside the life of its group (R19)')
     WHERE EXISTS (SELECT 1 FROM groups g WHERE g.id = NEW.group_id
       AND (NEW.starts_on < g.starts_on OR coalesce(NEW.ends_on, '9999') > coalesce(g.ends_on, '9999')));
    SELECT raise(ABORT, 'two memberships of the same element in the same group share a day (R18)')
     WHERE EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = NEW.group_id AND m.element_id = NEW.element_id AND m.id <> NEW.id
       AND m.starts_on <= coalesce(NEW.ends_on, '9999') AND coalesce(m.ends_on, '9999') >= NEW.starts_on);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER groups_updated AFTER UPDATE OF starts_on, ends_on ON groups BEGIN
    SELECT raise(ABORT, 'a membership reaches outside the life of its group (R19)')
     WHERE EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = NEW.id
       AND (m.starts_on < NEW.starts_on OR coalesce(m.ends_on, '9999') > coalesce(NEW.ends_on, '9999')));
END;
-- +goose StatementEnd

-- One timetable entry on one date, and whom and what it takes.
CREATE TABLE lessons (
    id            integer PRIMARY KEY AUTOINCREMENT,
    datasource_id bigint REFERENCES datasources,
    source_id     text,
    era_id        bigint NOT NULL REFERENCES eras,
    code          text NOT NULL DEFAULT '',
    on_date       date NOT NULL,
    starts_at     timestamp NOT NULL,  -- on the school's clock, so that a clock change moves nothing
    ends_at       timestamp NOT NULL CHECK (ends_at > starts_at),
    suspended     boolean NOT NULL DEFAULT 0,
    CHECK ((datasource_id IS NULL) = (source_id IS NULL)),
    UNIQUE (datasource_id, source_id, on_date)
);
CREATE INDEX lessons_on_date ON lessons (on_date);

CREATE TABLE commitments (
    id         integer PRIMARY KEY AUTOINCREMENT,
    lesson_id  bigint NOT NULL REFERENCES lessons ON DELETE CASCADE,
    element_id bigint NOT NULL REFERENCES elements,
    UNIQUE (lesson_id, element_id)
);
CREATE INDEX commitments_element ON commitments (element_id);

CREATE TABLE suspensions (
    id         integer PRIMARY KEY AUTOINCREMENT,
    name       text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('suspension', 'gap')),
    starts_at  timestamp NOT NULL,
    ends_at    timestamp NOT NULL CHECK (ends_at > starts_at),
    daily      boolean NOT NULL DEFAULT 0,
    years      text NOT NULL DEFAULT ''  -- year groups, apart by spaces; none means all
);

CREATE TABLE group_suspensions (
    id            integer PRIMARY KEY AUTOINCREMENT,
    group_id      bigint NOT NULL REFERENCES groups ON DELETE CASCADE,
    suspension_id bigint REFERENCES suspensions,
    starts_on     date NOT NULL,
    ends_on       date NOT NULL CHECK (ends_on >= starts_on),
    UNIQUE (group_id, starts_on)
);

-- Every run, and everything that it changed: what was there before, what is there
-- after, and why. A run is carried out from its changes, so they are all there is.
CREATE TABLE runs (
    id               integer PRIMARY KEY AUTOINCREMENT,
    kind             text NOT NULL,
    result           text NOT NULL CHECK (result IN ('applied', 'unchanged', 'held', 'failed', 'aborted')),
    started_at       timestamp NOT NULL,
    finished_at      timestamp NOT NULL,
    as_of            date,
    era              text NOT NULL DEFAULT '',
    source_sha256    text NOT NULL DEFAULT '',
    source_bytes     bigint NOT NULL DEFAULT 0,
    source_unchanged boolean NOT NULL DEFAULT 0,
    counts           text NOT NULL DEFAULT '[]',
    problems         text NOT NULL DEFAULT '[]',
    stages           text NOT NULL DEFAULT '[]',
    error            text NOT NULL DEFAULT '',
    program          text NOT NULL DEFAULT '',
    host             text NOT NULL DEFAULT ''
);

CREATE TABLE changes (
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

CREATE VIEW group_details AS
SELECT g.id AS group_id, g.kind, g.source_id, e.name, r.name AS era, g.year, g.starts_on, g.ends_on, e.current, g.suspended
  FROM groups g JOIN elements e ON e.id = g.id JOIN eras r ON r.id = g.era_id;

CREATE VIEW membership_details AS
SELECT g.id AS group_id, g.kind AS group_kind, g.source_id AS group_source_id, ge.name AS group_name, r.name AS era,
       me.kind AS member_kind, coalesce(p.source_id, s.source_id, mg.source_id) AS member_source_id, me.name AS member_name,
       m.starts_on, m.ends_on
  FROM memberships m
  JOIN groups g ON g.id = m.group_id
  JOIN elements ge ON ge.id = g.id
  JOIN eras r ON r.id = g.era_id
  JOIN elements me ON me.id = m.element_id
  LEFT JOIN pupils p ON p.id = m.element_id
  LEFT JOIN staff s ON s.id = m.element_id
  LEFT JOIN groups mg ON mg.id = m.element_id;

-- In SQL that SQLite programs before 3.44 can read too: others open this file.
CREATE VIEW lesson_details AS
SELECT l.id AS lesson_id, l.source_id, l.code, l.on_date, l.starts_at, l.ends_at, l.suspended,
       (SELECT group_concat(name, ', ') FROM (SELECT e.name FROM commitments c JOIN elements e ON e.id = c.element_id
         WHERE c.lesson_id = l.id AND e.kind = 'group' ORDER BY e.name)) AS groups,
       (SELECT group_concat(name, ', ') FROM (SELECT e.name FROM commitments c JOIN elements e ON e.id = c.element_id
         WHERE c.lesson_id = l.id AND e.kind = 'staff' ORDER BY e.name)) AS staff,
       (SELECT group_concat(name, ', ') FROM (SELECT e.name FROM commitments c JOIN elements e ON e.id = c.element_id
         WHERE c.lesson_id = l.id AND e.kind = 'location' ORDER BY e.name)) AS rooms
  FROM lessons l;
