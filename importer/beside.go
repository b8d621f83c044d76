package importer

import (
	"context"

	"misimportd/importer/schoolfiles"
	"misimportd/importer/want"
	"misimportd/store"
)

// otherGroups says which groups there are beside those that the MIS has, those of the school's file too.
func (n *night) otherGroups(s *scene) (want.OtherGroups, error) {
	g := n.Groups
	if perpetual := s.calendar.Perpetual(); perpetual != nil {
		g.Perpetual = *perpetual
	} else { // of a database that is not there yet
		g.Perpetual.ID = s.begin.NewID()
	}
	extra, isThere, err := schoolfiles.ReadExtraGroups(n.ExtraGroupsFile)
	g.HasExtra = isThere
	for _, e := range extra {
		listed := want.ExtraGroup{Name: e.Name, Line: e.Line}
		for _, m := range e.Members {
			listed.Members = append(listed.Members, want.ExtraMember(m))
		}
		g.Extra = append(g.Extra, listed)
	}
	return g, err
}

// besideLessons says what stands beside lessons, the school's own events too.
func (n *night) besideLessons(ctx context.Context, v *store.View) (want.Beside, error) {
	b := want.Beside{Covers: n.Covers}
	events, isThere, err := schoolfiles.ReadEvents(n.EventsFiles)
	if err != nil || !isThere {
		return b, err
	}
	baseline, err := v.Baseline(ctx)
	b.HasEvents, b.HadTerms = true, baseline["Terms"] > 0
	for _, e := range events {
		b.Events = append(b.Events, eventOf(e))
	}
	return b, err
}

func eventOf(e schoolfiles.Event) want.Event {
	mentions := func(list []schoolfiles.Mention) (converted []want.Mention) {
		for _, m := range list {
			converted = append(converted, want.Mention(m))
		}
		return converted
	}
	return want.Event{Title: e.Title, Kind: e.Kind, Note: e.Note, When: e.When, Weeks: e.Weeks, From: e.From, To: e.To,
		Staff: mentions(e.Staff), Groups: mentions(e.Groups), Rooms: mentions(e.Rooms),
		Organiser: want.Mention(e.Organiser), File: e.File, Line: e.Line}
}
