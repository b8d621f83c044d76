-- +goose Up

-- The MIS's documents, where a school keeps them in its database (documents: database): the one that waits to be
-- imported, the one that the database reflects, and those that runs archived. A content is kept once, compressed.
CREATE TABLE document_contents (
    sha256 text PRIMARY KEY,                                -- of what is in it, unpacked
    bytes integer NOT NULL                                   -- unpacked
);
CREATE TABLE document_chunks (
    sha256 text NOT NULL REFERENCES document_contents ON DELETE CASCADE,
    number integer NOT NULL,
    data blob NOT NULL,                                    -- zstd, of all chunks in order
    PRIMARY KEY (sha256, number)
);

CREATE TABLE documents (
    id integer PRIMARY KEY AUTOINCREMENT,
    place text NOT NULL CHECK (place IN ('PreFetched', 'Current', 'Archive')),
    run_id integer NOT NULL DEFAULT 0,
    day text NOT NULL DEFAULT '',                           -- of the Archive
    manifest text NOT NULL,
    report text NOT NULL DEFAULT ''
);
CREATE TABLE document_parts (
    document_id integer NOT NULL REFERENCES documents ON DELETE CASCADE,
    name text NOT NULL,                                     -- data.xml, or of a file that came beside it
    sha256 text NOT NULL REFERENCES document_contents,
    PRIMARY KEY (document_id, name)
);
CREATE INDEX document_parts_sha256 ON document_parts (sha256);
