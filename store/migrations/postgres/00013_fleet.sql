-- +goose Up
-- Of which school of a fleet this database is: a school whose address leads here by mistake is told. One row at most.
CREATE TABLE fleet_school (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    name text NOT NULL
);
