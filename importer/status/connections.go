package status

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// waitingRoom holds the connections that have been made and have not asked for anything yet.
// When there is no seat left, the one that has been there longest goes: so nobody who
// connects and says nothing, however often, keeps out those who ask.
type waitingRoom struct {
	seats int

	mutex sync.Mutex
	order list.List // of net.Conn, those who came first in front
	at    map[net.Conn]*list.Element
}

// connState follows a connection, as http.Server.ConnState does.
func (r *waitingRoom) connState(conn net.Conn, state http.ConnState) {
	if longest := r.seated(conn, state == http.StateNew); longest != nil {
		_ = longest.Close()
	}
}

// seated notes that a connection has come, or that it waits no more, and returns who has to
// go for it, if somebody has to.
func (r *waitingRoom) seated(conn net.Conn, waits bool) (longest net.Conn) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.at == nil {
		r.at = map[net.Conn]*list.Element{}
	}
	if waits {
		r.at[conn] = r.order.PushBack(conn)
	} else if seat := r.at[conn]; seat != nil {
		r.order.Remove(seat)
		delete(r.at, conn)
	}
	if r.order.Len() <= r.seats {
		return nil
	}
	longest = r.order.Remove(r.order.Front()).(net.Conn)
	delete(r.at, longest)
	return longest
}
