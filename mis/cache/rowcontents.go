package cache

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// content opens a content, unpacked.
func (h inRows) content(sha256 string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		packed, err := h.rows.Open(sha256)
		if err != nil {
			return nil, err
		}
		decoder, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, errors.Join(err, packed.Close())
		}
		return contentReader{decoder, packed}, nil
	}
}

type contentReader struct {
	*zstd.Decoder
	packed io.Closer
}

func (c contentReader) Close() error {
	c.Decoder.Close()
	return c.packed.Close()
}

// unpackTo writes a content, and finds out whether it is what it should be.
func (h inRows) unpackTo(sha256 string, to io.Writer) error {
	from, err := h.content(sha256)()
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	sum := newHash()
	if _, err := io.Copy(io.MultiWriter(to, sum), from); err != nil {
		return fmt.Errorf("reading it from the database: %w", err)
	}
	if got := fmt.Sprintf("%x", sum.Sum(nil)); got != sha256 {
		return &DamagedError{sha256}
	}
	return nil
}

// DamagedError says that a document in the database is not what was put there.
type DamagedError struct{ SHA256 string }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the document with the sha256 %.12s… is damaged in the database (tables document_contents and "+
		"document_chunks): have it fetched anew, or take it from a backup", e.SHA256)
}

// store keeps what write writes, unless it is there already.
func store(rows Rows, sha256 string, bytes int64, write func(io.Writer) error) error {
	has, err := rows.Has(sha256)
	if err != nil || has {
		return err
	}
	out, in := io.Pipe()
	go func() {
		packer, err := zstd.NewWriter(in, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		if err == nil {
			err = errors.Join(write(packer), packer.Close())
		}
		_ = in.CloseWithError(err)
	}()
	err = rows.Store(sha256, bytes, out)
	_ = out.CloseWithError(errors.New("nobody reads it any more"))
	return err
}
