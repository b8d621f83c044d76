package store

import (
	"misimportd/era"
	"misimportd/store/model"
)

// MakeReadOnly makes the transaction of a view refuse to write, as a standby server does.
func (v *View) MakeReadOnly() error {
	_, err := v.tx.Exec("SET TRANSACTION READ ONLY")
	return err
}

// UndoQueries are the queries that find out whether a run can be undone; $1 is the run.
func UndoQueries() map[string]string {
	queries := map[string]string{"since": sinceQuery, "made": madeQuery}
	for _, r := range pointers {
		queries["clinging to "+r.table+"."+r.column] = r.clinging()
	}
	for entity, s := range model.Shapes {
		queries["standing "+string(entity)] = standingOf(s)
	}
	return queries
}

// OnDays is the condition that a lesson l is of the datasource $1 and on one of days.
func OnDays(days []era.Date) string { return onDays(days) }

// LockClass marks the advisory locks, for those who take one under another name.
const LockClass = lockClass
