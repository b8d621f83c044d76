//go:build !linux

package store

import "syscall"

// endUnsent does nothing where the system cannot be told.
func endUnsent(string, string, syscall.RawConn) error { return nil }
