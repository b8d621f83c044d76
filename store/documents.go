package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"

	"github.com/jmoiron/sqlx"
)

// Documents keeps an MIS's documents in the database, or in one transaction of it. What is in them it does not know.
// Before the tables are there, nothing is kept.
type Documents struct {
	db  *DB
	tx  *sqlx.Tx        // nil: each statement is one of its own
	ctx context.Context // of the transaction, or of the process
}

// q is what carries statements out. A database in a file may come to be while the program runs.
func (d *Documents) q() sqlx.ExtContext {
	if d.tx != nil {
		return d.tx
	}
	return d.db.sql
}

// KeptDocument is a document in one of its places.
type KeptDocument struct {
	ID       int64             `db:"id"`
	Place    string            `db:"place"`
	Run      int64             `db:"run_id"`
	Day      string            `db:"day"`
	Manifest []byte            `db:"manifest"`
	Report   []byte            `db:"report"`
	Contents map[string]string `db:"-"` // the SHA-256 of each file, by its name
}

// Documents are those that the database keeps.
func (db *DB) Documents() *Documents { return &Documents{db: db, ctx: context.Background()} }

// Documents are those that the database keeps, within the run's transaction.
func (t *Filing) Documents() *Documents { return &Documents{db: t.db, tx: t.tx, ctx: t.ctx} }

// Filing is a run's transaction when all is done but the commit: what belongs to the run can be kept with it.
type Filing struct {
	db  *DB
	tx  *sqlx.Tx
	ctx context.Context
}

// View is the transaction as it is read.
func (t *Filing) View() *View { return &View{db: t.db, tx: t.tx} }

// isThere tells whether the tables are there.
func (d *Documents) isThere() (bool, error) {
	if d.db.sql == nil {
		return false, nil
	}
	var exists bool
	err := sqlx.GetContext(d.ctx, d.q(), &exists, d.db.dialect.hasTable(), "document_parts")
	return exists, d.db.failed("looking for the documents", err)
}

// Entries lists what is kept in a place, oldest first, without the runs' reports; of one run, unless that is 0.
func (d *Documents) Entries(place string, run int64) ([]KeptDocument, error) {
	if isThere, err := d.isThere(); err != nil || !isThere {
		return nil, err
	}
	var list []KeptDocument
	err := sqlx.SelectContext(d.ctx, d.q(), &list, `SELECT id, place, run_id, day, manifest FROM documents
		WHERE place = $1 AND (run_id = $2 OR $2 = 0) ORDER BY id`, place, run)
	if err != nil || len(list) == 0 {
		return nil, d.db.failed("reading the documents", err)
	}
	at := map[int64]int{}
	for i := range list {
		list[i].Contents = map[string]string{}
		at[list[i].ID] = i
	}
	var parts []struct {
		ID     int64  `db:"document_id"`
		Name   string `db:"name"`
		SHA256 string `db:"sha256"`
	}
	err = sqlx.SelectContext(d.ctx, d.q(), &parts, `SELECT p.document_id, p.name, p.sha256 FROM document_parts p
		JOIN documents d ON d.id = p.document_id WHERE d.place = $1 AND (d.run_id = $2 OR $2 = 0)`, place, run)
	for _, p := range parts {
		if i, isListed := at[p.ID]; isListed {
			list[i].Contents[p.Name] = p.SHA256
		}
	}
	return list, d.db.failed("reading the documents", err)
}

// Put keeps a document, whose contents have to be there.
func (d *Documents) Put(k KeptDocument) error {
	var id int64
	err := sqlx.GetContext(d.ctx, d.q(), &id, `INSERT INTO documents (place, run_id, day, manifest, report)
		VALUES ($1, $2, $3, $4, $5) RETURNING id`, k.Place, k.Run, k.Day, string(k.Manifest), string(k.Report))
	for name, content := range k.Contents {
		if err == nil {
			_, err = d.q().ExecContext(d.ctx, `INSERT INTO document_parts (document_id, name, sha256)
				VALUES ($1, $2, $3)`, id, name, content)
		}
	}
	return d.db.failed("keeping a document", err)
}

// Drop forgets documents.
func (d *Documents) Drop(ids ...int64) error {
	for _, id := range ids {
		if _, err := d.q().ExecContext(d.ctx, `DELETE FROM documents WHERE id = $1`, id); err != nil {
			return d.db.failed("forgetting a document", err)
		}
	}
	return nil
}

// Has tells whether a content is there.
func (d *Documents) Has(sha256 string) (has bool, err error) {
	err = sqlx.GetContext(d.ctx, d.q(), &has, `SELECT EXISTS (SELECT 1 FROM document_contents WHERE sha256 = $1)`,
		sha256)
	return has, d.db.failed("looking for a document", err)
}

// chunk is the most bytes of a content that stand in one row.
const chunk = 1 << 20

// Store keeps a content, given packed, of so many bytes unpacked.
func (d *Documents) Store(sha256 string, size int64, packed io.Reader) error {
	_, err := d.q().ExecContext(d.ctx, `INSERT INTO document_contents (sha256, bytes) VALUES ($1, $2)`, sha256, size)
	if err != nil {
		return d.db.failed("keeping a document", err)
	}
	buffer := make([]byte, chunk)
	for number := 0; ; number++ {
		n, err := io.ReadFull(packed, buffer)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		if n == 0 {
			return nil
		}
		if _, failed := d.q().ExecContext(d.ctx, `INSERT INTO document_chunks (sha256, number, data)
			VALUES ($1, $2, $3)`, sha256, number, buffer[:n]); failed != nil {
			return d.db.failed("keeping a document", failed)
		}
		if err != nil {
			return nil
		}
	}
}

// Open reads a content, packed: one row at a time.
func (d *Documents) Open(sha256 string) (io.ReadCloser, error) {
	return &contentReader{of: d, sha256: sha256}, nil
}

type contentReader struct {
	of     *Documents
	sha256 string
	number int
	rest   bytes.Reader
}

func (r *contentReader) Read(to []byte) (int, error) {
	if r.rest.Len() == 0 {
		var data []byte
		err := sqlx.GetContext(r.of.ctx, r.of.q(), &data, `SELECT data FROM document_chunks
			WHERE sha256 = $1 AND number = $2`, r.sha256, r.number)
		switch {
		case errors.Is(err, sql.ErrNoRows) && r.number == 0:
			return 0, fmt.Errorf("%s: the document with the sha256 %.12s… is not there", r.of.db, r.sha256)
		case errors.Is(err, sql.ErrNoRows):
			return 0, io.EOF
		case err != nil:
			return 0, r.of.db.failed("reading a document", err)
		}
		r.number++
		r.rest.Reset(data)
	}
	return r.rest.Read(to)
}

func (r *contentReader) Close() error { return nil }

// Sweep removes the contents that no document refers to.
func (d *Documents) Sweep() error {
	_, err := d.q().ExecContext(d.ctx, `DELETE FROM document_contents WHERE NOT EXISTS
		(SELECT 1 FROM document_parts p WHERE p.sha256 = document_contents.sha256)`)
	return d.db.failed("forgetting documents", err)
}

// Together carries something out in one transaction: its own, unless there is one already.
func (d *Documents) Together(do func(*Documents) error) error {
	if d.tx != nil {
		return do(d)
	}
	tx, err := d.db.sql.BeginTxx(d.ctx, nil)
	if err != nil {
		return d.db.failed("beginning", err)
	}
	defer quiet(tx.Rollback)
	if err := do(&Documents{db: d.db, tx: tx, ctx: d.ctx}); err != nil {
		return err
	}
	return d.db.failed("committing", tx.Commit())
}
