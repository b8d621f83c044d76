package cache

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Archived finds the document that a run archived, by its hash too. It fails with a *NotArchivedError when there is
// none.
func (f Folder) Archived(run int64, sha256 string) (Archived, error) {
	list, err := f.List()
	if err != nil {
		return Archived{}, err
	}
	at := slices.IndexFunc(list, func(a Archived) bool { return a.Run == run && a.Whole() == sha256 })
	if at < 0 {
		return Archived{}, &NotArchivedError{run}
	}
	return list[at], nil
}

// Open gives the document to be read where it lies, unpacked.
func (a Archived) Open() (io.ReadCloser, error) {
	if a.open != nil {
		return a.open(document)
	}
	return openUnpacked(a.Path)
}

// Dumps names the dumps that came with the document.
func (a Archived) Dumps() (names []string) {
	for _, b := range a.listed() {
		names = append(names, b.Name)
	}
	return names
}

// OpenDump gives one of them to be read.
func (a Archived) OpenDump(name string) (io.ReadCloser, error) {
	if a.open != nil {
		return a.open(name)
	}
	return openUnpacked(strings.TrimSuffix(a.Path, documentSuffix) + "-" + name + besideSuffix)
}

// unpacking is a compressed file that is read unpacked.
type unpacking struct {
	*zstd.Decoder
	file *os.File
}

func (u unpacking) Close() error {
	u.Decoder.Close()
	return u.file.Close()
}

func openUnpacked(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	decoder, err := zstd.NewReader(file)
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("archive: %s: %w", path, err)
	}
	return unpacking{decoder, file}, nil
}
