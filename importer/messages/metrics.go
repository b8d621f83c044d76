package messages

import "github.com/prometheus/client_golang/prometheus"

// The results of messages in a metric.
const (
	sent   = "sent"
	failed = "failed"
)

// metrics are what Prometheus sees of messages. No label holds an address.
type metrics struct {
	messages *prometheus.CounterVec
	waiting  prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer) metrics {
	const namespace = "misimport"
	m := metrics{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "messages_total",
			Help: "Messages by channel and result: sent, or failed, which is given up after a day."},
			[]string{"channel", "result"}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "messages_waiting",
			Help: "Messages that are not delivered yet, and are tried again."}),
	}
	registry.MustRegister(m.messages, m.waiting)
	for _, label := range labels {
		for _, result := range []string{sent, failed} {
			m.messages.WithLabelValues(label, result) // there from the start
		}
	}
	return m
}
