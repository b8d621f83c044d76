//go:build !single

package fleet

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// mayAsk tells whether a host may be asked once more from this worker's address. Both have a bucket of tokens that
// fills by so many a minute, and holds as many at most.
func (w *Worker) mayAsk(ctx context.Context, host string, s Settings) (may bool, err error) {
	if host == "" || s.PerHost == 0 && s.PerAddress == 0 {
		return true, nil
	}
	err = w.Fleet.within(ctx, "looking whether a host may be asked", func(tx pgx.Tx) error {
		for _, bucket := range []struct {
			name      string
			perMinute int
		}{{"host:" + host, s.PerHost}, {"address:" + w.Address, s.PerAddress}} {
			if bucket.perMinute == 0 {
				continue
			}
			if may, err = takeToken(ctx, tx, bucket.name, bucket.perMinute); err != nil || !may {
				return cmp.Or(err, errNoToken) // rolled back: the other bucket keeps its token
			}
		}
		return nil
	})
	if errors.Is(err, errNoToken) {
		return false, nil
	}
	return err == nil, err
}

func takeToken(ctx context.Context, tx pgx.Tx, name string, perMinute int) (may bool, err error) {
	const filled = `least($2, h.tokens + extract(epoch FROM now() - h.at) * $2 / 60)`
	err = tx.QueryRow(ctx, `INSERT INTO fleet.hosts AS h (name, tokens) VALUES ($1, $2::double precision - 1)
		ON CONFLICT (name) DO UPDATE SET tokens = `+filled+` - 1, at = now() WHERE `+filled+` >= 1 RETURNING true`,
		name,
		float64(perMinute)).Scan(&may)
	if isNoRows(err) {
		return false, nil
	}
	return may, err
}

// hostWaits is for how long a school waits whose host may not be asked now.
const hostWaits = time.Minute

var errNoToken = errors.New("no token is left")
