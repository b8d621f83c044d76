package model

// CalledBy is by what an MIS's documents call somebody or a group: an id, or of staff a code.
type CalledBy struct{ Kind, ID string }

// KnownAs is how people call them.
type KnownAs map[CalledBy]string

// Name is how people call what a document calls by an id or a code, "" where nobody knows.
func (c KnownAs) Name(kind, id string) string { return c[CalledBy{kind, id}] }
