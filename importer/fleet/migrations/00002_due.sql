-- +goose Up
ALTER TABLE fleet.school_status
	ADD due_at  timestamptz,                 -- it has been due since, and nobody has made its night or found out why not
	ADD touched integer NOT NULL DEFAULT 0,  -- how often somebody has said when it is to be looked at; a job is not that
	ADD look    boolean NOT NULL DEFAULT false; -- something was done there, and its state is to be read; it may not be due
-- Programs that know this version of the tables, or a newer one, can work with them. A migration that older workers
-- cannot live with sets it to its own version.
ALTER TABLE fleet.settings ADD suits integer NOT NULL DEFAULT 2;
