package importer_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"syscall"
	"time"

	"modernc.org/sqlite"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/sources"
	"misimportd/mis/cache"
	"misimportd/store"
	"misimportd/store/model"
)

// A victim is a process that does one thing with a database, and dies of it: this test's
// own program, told so by the environment.
const victimIs = "MISIMPORTD_TEST_VICTIM"

// doneBefore is how a victim says that there was nothing left to do.
const doneBefore = "done before: "

// victim does what the environment says: run, approve ID or undo ID.
func victim() error {
	if at, err := strconv.Atoi(os.Getenv("VICTIM_DIES_AT")); err == nil {
		dieInSQLite(at, os.Getenv("VICTIM_FAILS") != "")
	}
	db, err := store.Open(context.Background(), os.Getenv("VICTIM_DATABASE"))
	if err != nil {
		return err
	}
	asOf, err := era.ParseDate(os.Getenv("VICTIM_AS_OF"))
	if err != nil {
		return err
	}
	im := &importer.Importer{DB: db, State: homeOfVictim(db), Zone: time.UTC, AsOf: asOf,
		Version: "test",
		Guard:   guard.NewGuard(), Force: true, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if os.Getenv("VICTIM_KINDS") != "" {
		im.Groups = everyKind()
	}
	if files := os.Getenv("VICTIM_EVENTS"); files != "" {
		im.EventsFiles = []string{files}
	}
	err = operation(os.Getenv(victimIs), im)
	if isDone(err) {
		return fmt.Errorf(doneBefore+"%w", err)
	}
	return err
}

func homeOfVictim(db *store.DB) cache.Home {
	folder := cache.Folder(os.Getenv("VICTIM_STATE"))
	if os.Getenv("VICTIM_DOCUMENTS") == "database" {
		return importer.InDatabase(db, folder)
	}
	return folder
}

// operation does a thing by its name.
func operation(what string, im *importer.Importer) (err error) {
	var id model.ID
	var verb string
	if _, err := fmt.Sscanf(what, "%s %d", &verb, &id); err != nil && verb == "" {
		return err
	}
	var r report.Report
	switch verb {
	case "run":
		r, err = im.Run(context.Background())
	case "approve":
		r, err = im.Approve(context.Background(), id)
	case "undo":
		r, err = im.Undo(context.Background(), id)
	case "roll":
		r, err = im.Roll(context.Background(), true, true)
	case "merge":
		r, err = im.Merge("pupil", "11", "17", true).Do(context.Background())
	case "convert":
		im.Convert, im.Conversion.Pupils = true, sources.BySameID
		r, err = im.Run(context.Background())
		im.Convert = false
	default:
		err = fmt.Errorf("no operation %q", what)
	}
	if err == nil && r.Result == model.Held {
		err = fmt.Errorf("%s was held: %v", what, breaches(r))
	}
	return err
}

// written are the tables that runs write to.
var written = []string{"eras", "settings", "elements", "staff", "pupils", "locations", "subjects", "houses", "groups",
	"memberships", "lessons", "commitments",
	"suspensions", "group_suspensions", "absences", "pins", "unwanted_documents", "lesson_days", "changes",
	"held_changes", "runs", "documents", "document_parts", "document_contents", "document_chunks"}

// dieInSQLite has every write to a table in SQLite tell of itself, in the middle of the
// statement. At the nth statement, the process is killed, or the statement fails.
func dieInSQLite(nth int, fails bool) {
	statement, last := 0, ""
	sqlite.MustRegisterScalarFunction("tell", 1,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			if now := fmt.Sprint(args[0]); now != last {
				statement, last = statement+1, now
				if statement == nth && !fails {
					_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
					select {}
				}
			}
			if statement == nth {
				return nil, errors.New("the disk has a bad day")
			}
			return int64(0), nil
		})
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, _ string) error {
		for _, table := range written {
			for _, action := range []string{"INSERT", "UPDATE", "DELETE"} {
				if _, err := conn.ExecContext(context.Background(),
					fmt.Sprintf(`CREATE TEMP TRIGGER tell_%[1]s_%[2]s AFTER %[2]s ON main.%[1]s BEGIN
						SELECT tell('%[1]s %[2]s'); END`, table, action), nil); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
