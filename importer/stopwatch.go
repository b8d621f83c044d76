package importer

import (
	"log/slog"
	"time"

	"misimportd/store/model"
)

// stopwatch times the stages of a run.
type stopwatch struct {
	begin  time.Time
	stages []model.Stage
	tell   func(stage string) // has to be set, for next
	log    *slog.Logger       // likewise
}

func (s *stopwatch) next(stage string) {
	s.stop()
	s.tell(stage)
	s.begin = time.Now()
	s.stages = append(s.stages, model.Stage{Name: stage})
}

// timed is the stages that are over.
func (s *stopwatch) timed() []model.Stage {
	if s.begin.IsZero() {
		return s.stages
	}
	return s.stages[:len(s.stages)-1]
}

func (s *stopwatch) stop() { s.stopAt(time.Since(s.begin)) }

// stopAt ends a stage that took a time of its own.
func (s *stopwatch) stopAt(took time.Duration) {
	if n := len(s.stages); n > 0 && !s.begin.IsZero() {
		s.stages[n-1].Seconds = took.Seconds()
		s.begin = time.Time{}
		s.log.Info("stage", "stage", s.stages[n-1].Name, "seconds", s.stages[n-1].Seconds)
	}
}
