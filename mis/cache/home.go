package cache

import "time"

// Home is where a school's documents are kept: in a folder, or in the rows of a database. Both do the same; one suite
// of tests says so.
type Home interface {
	// Prepare makes what is missing and finds out whether it can be written to.
	Prepare() error
	// Check finds out whether Prepare could do its work, changes nothing, and says where the home is.
	Check() (found string, err error)
	// Lock takes the folder in which documents are worked on. It fails with a *BusyError when another process has it.
	Lock(holder string) (unlock func() error, err error)
	// ClearIncoming takes away what a process that is no more has left there.
	ClearIncoming() error

	// StartFetch begins a fetch. Waiting tells what waits to be imported; Prefetched opens it, to look at it, and
	// Reflected opens the document that the database reflects. Without one they fail with a *NoDocumentError.
	StartFetch() (*Fetch, error)
	Waiting() (Manifest, error)
	Prefetched() (*Document, error)
	Reflected() (*Document, error)
	// CurrentManifest is that of the document that the database reflects, and CurrentHash its hash with what came
	// beside it; the zero one, and "", where there is none.
	CurrentManifest() (Manifest, error)
	CurrentHash() (string, error)

	// Take, TakeCurrent and TakeArchived take a document for a run to work on: what waits, what the database
	// reflects, and what a run archived.
	Take() (*Taken, error)
	TakeCurrent() (*Taken, error)
	TakeArchived(run int64, sha256 string) (*Taken, error)
	// MakeCurrent makes the archived document of a hash the one that the database reflects.
	MakeCurrent(sha256 string) error

	// List is the Archive, oldest first; Archived one document of it, or a *NotArchivedError. Prune removes the days
	// before a day.
	List() ([]Archived, error)
	Archived(run int64, sha256 string) (Archived, error)
	Prune(before time.Time) error

	// Within is the home within a transaction of the database that keeps its rows. A folder knows none.
	Within(tx Rows) Home
	// Scratch is the folder of this machine in which documents are worked on.
	Scratch() Folder
	// InRows tells whether documents are kept in a database.
	InRows() bool
}

// Within is the folder itself: it takes no part in transactions.
func (f Folder) Within(Rows) Home { return f }

// Scratch is the folder itself.
func (f Folder) Scratch() Folder { return f }

// InRows says that documents are not kept in a database.
func (f Folder) InRows() bool { return false }
