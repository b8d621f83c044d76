package messages

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// stuck is a channel that takes nothing, and gives nothing back, until it is told to end.
type stuck struct{}

func (stuck) name() string { return "webhook 1 (slack) at hooks.slack.com" }

func (stuck) label() string { return byWebhook }

func (stuck) send(ctx context.Context, _ Message) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestAReload gives messages other channels: what waits for one that stays is tried at once, what waits for one that is
// gone is dropped, and what was sent is not sent again.
func TestAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := usual
		s.Digest = Off
		w := newSchool(t, s)
		list := []channel{w.wire, stuck{}}
		w.open = func(Settings) ([]channel, error) { return list, nil }
		reload := func() {
			if err := w.Configure(w.setup); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		reload()
		w.night = holds
		w.wire.setCut(true)
		w.until("Mon 04:00")
		if waits := w.Undelivered(); len(waits) != 2 {
			t.Fatalf("%+v", waits)
		}
		w.wire.setCut(false)
		list = list[:1]
		reload()
		w.expect("Mon 04:00 Run 2 waits for a person")
		if waits := w.Undelivered(); len(waits) != 0 {
			t.Errorf("%+v", waits)
		}
		w.setup.Settings = nil
		list = nil
		reload()
		w.decided("approved")
		w.until("Mon 05:00")
		w.setup.Settings = &w.settings
		list = []channel{w.wire}
		reload()
		w.until("Mon 05:10")
		w.expect("Mon 04:00 Run 2 waits for a person", "Mon 05:01 Over: Run 2 does not wait any more")
		w.stop()
	})
}

// TestNobodyWaitsForAChannelThatIsStuck tells that the daemon goes on, and so do other channels, and that the end comes
// at once.
func TestNobodyWaitsForAChannelThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := usual
		s.Digest = Off
		w := newSchool(t, s)
		w.open = func(Settings) ([]channel, error) { return []channel{stuck{}, w.wire}, nil }
		if err := w.Configure(w.setup); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.night = holds
		begin := time.Now()
		w.until("Mon 12:00")
		if took := time.Since(begin); took != 12*time.Hour {
			t.Errorf("a daemon that looks once a minute is at 12:00 after %s", took)
		}
		w.expect("Mon 03:00 Run 2 waits for a person")
		begin = time.Now()
		w.stop()
		if took := time.Since(begin); took != 0 {
			t.Errorf("the end took %s", took)
		}
	})
}
