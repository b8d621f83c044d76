-- +goose Up
ALTER TABLE fleet.school_status -- why it could not be looked at, "" where it could; what is known of its runs stays
	ADD lost       text NOT NULL DEFAULT '',
	ADD lost_why   text NOT NULL DEFAULT '',
	ADD lost_since timestamptz;
