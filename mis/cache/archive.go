package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Archived is one document of the Archive.
type Archived struct {
	Day  string `json:"day"` // 2016-09-05
	Path string `json:"path"`
	Manifest

	open func(name string) (io.ReadCloser, error) // where it is no file; nil: it is
}

// List is all that the Archive holds, oldest first.
func (f Folder) List() ([]Archived, error) {
	paths, err := filepath.Glob(f.path(Archive, "*", "*", "*", "run-*"+documentSuffix))
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	slices.Sort(paths)
	list := []Archived{}
	for _, path := range paths {
		a := Archived{Path: path, Day: dayOf(filepath.Dir(path))}
		text, err := os.ReadFile(strings.TrimSuffix(path, documentSuffix) + manifestSuffix)
		if err == nil {
			err = json.Unmarshal(text, &a.Manifest)
		}
		if err != nil {
			return nil, fmt.Errorf("archive: %w", err)
		}
		list = append(list, a)
	}
	return list, nil
}

// dayOf is the day that a folder of the Archive is for.
func dayOf(folder string) string {
	month, day := filepath.Split(folder)
	year, month := filepath.Split(filepath.Clean(month))
	return filepath.Base(year) + "-" + month + "-" + day
}

// Extract writes an archived document to w, unpacked.
func (a Archived) Extract(w io.Writer) error {
	if a.open == nil {
		return unpack(a.Path, w)
	}
	from, err := a.open(document)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, from)
	return errors.Join(err, from.Close())
}

// Prune removes the days of the Archive before a day, and the folders that become
// empty.
func (f Folder) Prune(before time.Time) error {
	days, err := filepath.Glob(f.path(Archive, "[0-9][0-9][0-9][0-9]", "[0-9][0-9]", "[0-9][0-9]"))
	for _, day := range days {
		if dayOf(day) < before.Format("2006-01-02") {
			err = errors.Join(err, os.RemoveAll(day))
			_ = os.Remove(filepath.Dir(day)) // if nothing else is in it
			_ = os.Remove(filepath.Dir(filepath.Dir(day)))
		}
	}
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}
