-- +goose Up

-- How the records were called that a run's changes refer to and do not hold: what a run
-- changed is told from its record alone (R39). Changes of runs before this version have none.
CREATE TABLE run_labels (
    run_id    bigint NOT NULL,
    what      text NOT NULL CHECK (what IN ('element', 'era', 'lesson')),
    record_id bigint NOT NULL,
    kind      text NOT NULL DEFAULT '',
    source_id text NOT NULL DEFAULT '',
    name      text NOT NULL,
    on_date   date,  -- of a lesson
    PRIMARY KEY (run_id, what, record_id)
);
ALTER TABLE runs ADD COLUMN labelled boolean NOT NULL DEFAULT 0;  -- whether the run has them, or needs none
