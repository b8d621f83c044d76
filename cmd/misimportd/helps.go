package main

import "github.com/alecthomas/kong"

// helps are the texts of flags that are too long to stand beside them.
var helps = kong.Vars{
	"help_key":     "The API key that is allowed everything; it is no secret here.",
	"help_also":    "Another key, and the methods that it is allowed, apart by spaces.",
	"help_lessons": "How many lessons a fortnight the timetable of this academic year has; 0 for no timetable.",
	"help_kind":    "suspension: lessons stay and do not take place. gap: there are none.",
	"help_from":    "The first day, or the first day and the time: 2017-01-09 or \"2017-01-09 09:00\".",
	"help_group":   "Only those of a group, by its name, such as 10Mat2, or its kind and id in the MIS, as set/1234.",
	"help_on": "The day that is looked at (default today): 2016-09-12, 12 sep, monday, last friday, yesterday. " +
		"monday is the coming one.",
	"help_staff": "The code, the initials, the id, the name, or a part of it; without one, all are listed.",
	"help_room":  "The room's name or short name, a part of it, or its id; without one, all are listed.",
	"help_what":  "As pupil/1234, set/57, form/8F, room/R1, a lesson's id such as schedule/3001, or a name.",
	"help_why":   "As in: why pupil 1234 in set/57. Names in quotes will do, too.",
	"help_since": "Only what happened since then: 2016-09-12, 12 sep, monday. monday is the last one.",
	"help_about": "Such as guard, or era roll; without one, all are listed.",
	"help_cycle": "The timetable as it ideally is, without dates: that of week A, B …; or all for each week.",
	"help_format": "text; ical for a calendar program; html, of a --cycle, for a browser to print on one page; or " +
		"--json for programs.",
	"help_config": "Configuration file (default /etc/misimportd/config.yml, or none).",
	"help_state":  "State folder (default /var/lib/misimportd).",
	"help_database": "postgres://USER@HOST/NAME or sqlite:PATH (default misimportd.db in the state folder). Keep " +
		"passwords out of it here: other users see a process's arguments.",
	"help_timezone": "The school's time zone (default Europe/London).",
	"help_years":    "Year groups to import, such as 7,8,9 (default all).",
	"help_asof": "The day from which the import is true (default today, or the era's first day when that is " +
		"later).",
	"help_logformat": "How the log is written: text or json.",
	"help_again":     "The document that the database reflects once more, as after a change of suspensions.",
	"help_fetch": "Ask iSAMS now, even though a document that was fetched waits, as every night does. A plan " +
		"keeps nothing of it.",
	"help_era": "Load this era, which comes after the current one, ahead of time, and leave all else as it is.",
	"help_ahead": "By how many years pupils are further then: 1, which is the default, for a document of this year, " +
		"0 for one of the next.",
	"help_no":        "Leave out forms, sets, set-lists or timetable.",
	"help_timetable": "The timetable to load, by its name, published or in development (default that of every night).",
	"help_convert":   "The first import from a new MIS: rows of the previous one are found and kept.",
	"help_only": "Only what concerns a record, such as pupil/1234, set/130 or schedule/3001, and what has to be " +
		"undone with it. Again for more. The rest stays.",
	"help_csv":    "With --convert: what is not matched, as CSV.",
	"help_until":  "The last day of the pause.",
	"help_listen": "Where Prometheus and people are answered (default 127.0.0.1:9190), or off.",
	"help_fleet": "The fleet's database: postgres://USER@HOST/NAME. Keep passwords out of it here: other users see a " +
		"process's arguments.",
	"help_where": "Only those that are held, failed, overdue, aside, running, paused, new or well.",
	"help_memory": "What all imports of this worker may take together, as in 2GiB (default 1GiB). A large school " +
		"waits until there is room.",
	"help_fleet_listen": "Where Prometheus and people are answered (default 127.0.0.1:9191), or off.",
	"help_secrets":      "The folder in which this machine has the schools' secrets, each in a file of its name.",
	"help_address": "From which address hosts are asked: workers that share it share its limit (default: this " +
		"machine's name).",
	"help_offline": "Look at the configuration and the files that it names only: not at folder, database and " +
		"document.",
}
