-- +goose Up
CREATE TABLE fleet.schools (
	name          text PRIMARY KEY,
	configuration text NOT NULL,             -- YAML with the defaults merged in; secrets stand in it by name only
	zone          text NOT NULL,
	schedule      text NOT NULL,
	give_up       text NOT NULL,
	database      text NOT NULL,             -- where it is, without user and password
	secrets       text[] NOT NULL,           -- names of the files or credentials that a worker has to have
	canary        boolean NOT NULL DEFAULT false,
	paused_until  timestamptz,
	paused_why    text NOT NULL DEFAULT '',
	aside_at      timestamptz,               -- set aside: its job has ended workers
	aside_why     text NOT NULL DEFAULT '',
	wished_at     timestamptz,               -- a person asked for an import then, and none has begun since
	added_at      timestamptz NOT NULL DEFAULT now(),
	changed_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE fleet.school_files (
	school  text NOT NULL REFERENCES fleet.schools ON UPDATE CASCADE ON DELETE CASCADE,
	path    text NOT NULL,                   -- as the configuration names it
	content bytea NOT NULL,
	PRIMARY KEY (school, path)
);

CREATE TABLE fleet.school_status (
	school        text PRIMARY KEY REFERENCES fleet.schools ON UPDATE CASCADE ON DELETE CASCADE,
	run           bigint NOT NULL DEFAULT 0,
	result        text NOT NULL DEFAULT '',
	reason        text NOT NULL DEFAULT '',  -- what kind of trouble the newest run had
	why           text NOT NULL DEFAULT '',  -- the same in words, without names and values
	ran_at        timestamptz,
	ended_at      timestamptz,
	trouble_since timestamptz,               -- runs have been held or failed for this kind of reason since
	held_since    timestamptz,
	last_success  timestamptz,
	data_at       timestamptz,
	problems      integer NOT NULL DEFAULT 0,
	gave_up       boolean NOT NULL DEFAULT false,
	next          timestamptz,               -- when it is to be looked at; nobody has looked where it is null
	looked_at     timestamptz,
	tries         integer NOT NULL DEFAULT 0, -- begun, and not ended by the worker that began it
	worker        text NOT NULL DEFAULT '',  -- that is at it
	taken_at      timestamptz,
	unrecorded    jsonb NOT NULL DEFAULT '[]' -- attempts that the school's own database could not record
);
CREATE INDEX school_status_next ON fleet.school_status (next);
CREATE INDEX school_status_ran_at ON fleet.school_status (ran_at);

CREATE TABLE fleet.workers (
	id      text PRIMARY KEY,
	version text NOT NULL,
	since   timestamptz NOT NULL DEFAULT now(),
	seen    timestamptz NOT NULL DEFAULT now(),
	jobs    integer NOT NULL DEFAULT 0
);

-- What the fleet goes by, and what its leader did last: one row.
CREATE TABLE fleet.settings (
	only_one      boolean PRIMARY KEY DEFAULT true CHECK (only_one),
	window_length interval NOT NULL DEFAULT '1 hour',
	stop_percent  integer NOT NULL DEFAULT 20,
	stop_at_least integer NOT NULL DEFAULT 5,
	per_host      integer NOT NULL DEFAULT 0,  -- requests a minute, 0 for no limit
	per_address   integer NOT NULL DEFAULT 0,
	dispatched_at timestamptz NOT NULL DEFAULT '-infinity',
	lag           interval NOT NULL DEFAULT '0' -- of the school that had waited longest then
);
INSERT INTO fleet.settings DEFAULT VALUES;

CREATE TABLE fleet.stops (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at         timestamptz NOT NULL DEFAULT now(),
	why        text NOT NULL,
	resumed_at timestamptz,
	resumed_by text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX stops_one ON fleet.stops ((true)) WHERE resumed_at IS NULL;

CREATE TABLE fleet.hosts (
	name   text PRIMARY KEY,                 -- host:NAME or address:NAME
	tokens double precision NOT NULL,
	at     timestamptz NOT NULL DEFAULT now()
);

-- The night, minute by minute, for the chart.
CREATE TABLE fleet.minutes (
	at      timestamptz PRIMARY KEY,
	queued  integer NOT NULL,
	running integer NOT NULL,
	done    integer NOT NULL,
	held    integer NOT NULL,
	failed  integer NOT NULL
);
