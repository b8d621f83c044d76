//go:build !single

package fleet

import (
	"sync"
	"time"
)

// silentServers are the schools' servers that took a connection and said nothing, or not even that. To find that out
// takes as long as a worker has patience: one school of such a server may find out again from time to time, and the
// others do not take anybody's place meanwhile.
type silentServers struct {
	mutex sync.Mutex
	until map[string]time.Time
}

// mayAsk tells whether a server may be asked. Who is told so after it was silent is alone with that until a while is
// over.
func (s *silentServers) mayAsk(server string, while time.Duration) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	until, wasSilent := s.until[server]
	switch {
	case !wasSilent:
		return true
	case time.Now().Before(until):
		return false
	}
	s.until[server] = time.Now().Add(while)
	return true
}

// note notes whether a server was silent; it is left alone for a while then.
func (s *silentServers) note(server string, isSilent bool, while time.Duration) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch {
	case !isSilent:
		delete(s.until, server)
	case server != "":
		if s.until == nil {
			s.until = map[string]time.Time{}
		}
		s.until[server] = time.Now().Add(while)
	}
}
