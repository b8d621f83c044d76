package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v7"

	"misimportd/era/files"
	"misimportd/mis/isams"
)

// Parts gives files to download to.
type Parts interface {
	Part(name string) (*os.File, error)
}

// Document asks for all that makes a document, checks it, and puts it into one file of those that parts
// gives. It says what the document holds. The error is a *FetchError, a *SettingsError, a *files.FullError
// when there is no room for it, ctx's own when that was cancelled, or that of parts.
func (c *Client) Document(ctx context.Context, parts Parts) (whole *os.File, holds isams.Contents, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.Timeout)
	defer cancel()
	c.log.Info("fetching", "from", c.String(), "requests", len(c.settings.Requests))
	var answers []io.ReadSeeker
	var contents []isams.Contents
	for i := range c.settings.Requests {
		if whole, err = parts.Part(fmt.Sprintf("part-%d.xml", i+1)); err != nil {
			return nil, nil, err
		}
		answer, err := c.fetch(ctx, i, whole)
		if err != nil {
			return nil, nil, err
		}
		answers, contents = append(answers, whole), append(contents, answer)
	}
	if len(answers) > 1 {
		if whole, err = together(parts, answers, contents); err != nil {
			return nil, nil, err
		}
	}
	holds = isams.Contents{}
	for _, answer := range contents {
		maps.Copy(holds, answer)
	}
	if holds.Records() == 0 {
		return nil, nil, &FetchError{From: c.String(), Attempts: len(contents), Permanent: true,
			Last: "the answer holds no record at all; check what the API key is allowed"}
	}
	return whole, holds, nil
}

// together makes one document of the answers to several requests.
func together(parts Parts, answers []io.ReadSeeker, contents []isams.Contents) (*os.File, error) {
	if err := checkParts(contents); err != nil {
		return nil, err
	}
	whole, err := parts.Part("whole.xml")
	if err != nil {
		return nil, err
	}
	if err := isams.Merge(whole, answers...); err != nil {
		return nil, fmt.Errorf("putting the answers together: %w", files.Written(whole.Name(), err))
	}
	return whole, nil
}

// checkParts looks for sections that come with more than one request, which is a fault
// of the configuration: nobody could say which counts. The error is a *SettingsError.
func checkParts(parts []isams.Contents) error {
	from := map[string]int{}
	for i, part := range parts {
		for _, section := range slices.Sorted(maps.Keys(part)) {
			if earlier, ok := from[section]; ok {
				return &SettingsError{fmt.Sprintf("section %s comes with request %d and with request %d: say with "+
					"methods what each is to bring, so that only one brings it", section, earlier+1, i+1)}
			}
			from[section] = i
		}
	}
	return nil
}

// fetch asks for what one request is to contribute and writes it to file, beginning
// anew with each attempt. An attempt is to ask, to download and to check the answer to
// its end; it is repeated, after growing pauses, for as long as what went wrong may
// pass and ctx lasts. The error is a *FetchError, a *files.FullError when there is no room
// for the answer, or ctx's own when that was cancelled.
func (c *Client) fetch(ctx context.Context, request int, file *os.File) (isams.Contents, error) {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = c.settings.RetryFirst, c.settings.RetryMost
	attempts := 0
	var last *attemptError
	contents, err := backoff.Retry(ctx, func() (isams.Contents, error) {
		attempts++
		begin := time.Now()
		contents, failed := c.attempt(ctx, c.settings.Requests[request], file)
		c.tell(failed)
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, backoff.Permanent(ctx.Err())
		}
		if deadline, ok := ctx.Deadline(); ok && failed != nil && failed.after > 0 &&
			failed.after > time.Until(deadline) {
			failed.text += fmt.Sprintf("; it asked to wait for %s, which is longer than "+
				"the time that is left (timeout)", failed.after)
			failed.giveUp = true
		}
		if failed == nil {
			c.log.Info("fetched", "from", c.String(), "request", request+1, "attempt", attempts, "seconds",
				time.Since(begin).Seconds())
			return contents, nil
		}
		if last == nil || !failed.timeUp { // what went wrong before tells more than that time ran out
			last = failed
		}
		return nil, failed.forBackoff()
	}, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(c.settings.RetryFor),
		backoff.WithNotify(func(err error, pause time.Duration) {
			c.log.Warn("an attempt failed and is made again", "request", request+1, "attempt", attempts, "error", err,
				"pause", pause.Round(time.Millisecond))
		}))
	if err != nil {
		return nil, c.gaveUp(ctx, request, attempts, last)
	}
	return contents, nil
}
