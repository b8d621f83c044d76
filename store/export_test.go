package store

// MakeReadOnly makes the transaction of a view refuse to write, as a standby server does.
func (v *View) MakeReadOnly() error {
	_, err := v.tx.Exec("SET TRANSACTION READ ONLY")
	return err
}

// LockClass marks the advisory locks, for those who take one under another name.
const LockClass = lockClass
