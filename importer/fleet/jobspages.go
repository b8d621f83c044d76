//go:build !single

package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"riverqueue.com/riverui"
)

// JobsPages are River's own pages of the queue, below a path. They end with ctx.
func (f *Fleet) JobsPages(ctx context.Context, path string, log *slog.Logger) (http.Handler, error) {
	client, err := river.NewClient(riverpgxv5.New(f.pool), &river.Config{Schema: schema,
		Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("the pages of the jobs: %w", err)
	}
	pages, err := riverui.NewHandler(&riverui.HandlerOpts{Endpoints: riverui.NewEndpoints(client, nil), Prefix: path,
		Logger: slog.New(quieter{log.Handler(), &lately{}})})
	if err == nil {
		err = pages.Start(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("the pages of the jobs: %w", err)
	}
	return pages, nil
}
