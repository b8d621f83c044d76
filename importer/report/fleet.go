package report

import "time"

// Fleet is many schools and how they stand: what "fleet list" and "fleet show" tell.
type Fleet struct {
	Schools []FleetSchool `json:"schools"`
	Stopped *FleetStop    `json:"stopped"` // null while nights are begun
	Workers []FleetWorker `json:"workers"`
}

// FleetSchool is one school of a fleet. Times are left out that never were.
type FleetSchool struct {
	Name        string    `json:"name"`
	State       string    `json:"state"`
	Why         string    `json:"why,omitempty"`
	Run         int64     `json:"run,omitempty"` // the newest import
	Result      string    `json:"result,omitempty"`
	RanAt       time.Time `json:"ran_at,omitzero"`
	HeldSince   time.Time `json:"held_since,omitzero"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	DataAt      time.Time `json:"data_at,omitzero"`
	Next        time.Time `json:"next,omitzero"`
	PausedUntil time.Time `json:"paused_until,omitzero"`
	Problems    int       `json:"problems"`
	Canary      bool      `json:"canary,omitempty"`
	Worker      string    `json:"worker,omitempty"` // that is at it
	Schedule    string    `json:"schedule"`
	Timezone    string    `json:"timezone"`
	Database    string    `json:"database"`
}

// FleetStop is why no nights are begun.
type FleetStop struct {
	At  time.Time `json:"at"`
	Why string    `json:"why"`
}

// FleetWorker is a worker that has shown lately that it lives.
type FleetWorker struct {
	ID      string    `json:"id"`
	Version string    `json:"version"`
	Since   time.Time `json:"since"`
	Seen    time.Time `json:"seen"`
	Jobs    int       `json:"jobs"`
	Leader  bool      `json:"leader,omitempty"`
}

// FleetApplied is what differed between a folder of schools and the fleet, and what was done about it.
type FleetApplied struct {
	Steps   []FleetStep `json:"steps"`
	Applied bool        `json:"applied"` // false: it was only shown
	Left    []string    `json:"left"`    // schools without a file, which stay until somebody says that they go
}

// FleetStep is one school, or the fleet's settings, that differed.
type FleetStep struct {
	Action string   `json:"action"` // create, update or remove
	School string   `json:"school,omitempty"`
	What   []string `json:"what,omitempty"`
}
