package importer

import (
	"slices"

	"misimportd/store"
)

// holdMoves sees to it that nobody joins a group of a kind while leaving another of that
// kind is held: a move is held as a whole, and nobody is in two forms because of it (R17).
func (d *differ) holdMoves() {
	if !d.hold {
		return
	}
	type place struct {
		kind   string
		member store.ID
	}
	kinds := map[store.ID]string{}
	for _, g := range d.want.groups {
		kinds[g.ID] = g.GroupKind
	}
	isWanted, isThere, stays := map[pair]bool{}, map[pair]bool{}, map[place]bool{}
	for _, p := range d.want.memberships {
		isWanted[p] = true
	}
	for _, m := range d.state.Memberships {
		p := pair{m.GroupID, m.ElementID}
		isThere[p] = true
		if !isWanted[p] && !d.handsOff[p] {
			stays[place{kinds[p.group], p.member}] = true
		}
	}
	d.want.memberships = slices.DeleteFunc(d.want.memberships, func(p pair) bool {
		return !isThere[p] && stays[place{kinds[p.group], p.member}]
	})
}
