// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package main

import (
	"fmt"
	"math"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// registryFrom registers the families of a page in the text format, each as a vector with the page's series.
func registryFrom(path string) (*prometheus.Registry, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	registry := prometheus.NewRegistry()
	for _, family := range families {
		if err := register(registry, family); err != nil {
			return nil, fmt.Errorf("%s: %w", family.GetName(), err)
		}
	}
	return registry, nil
}

func register(registry *prometheus.Registry, family *dto.MetricFamily) error {
	name, help := family.GetName(), family.GetHelp()
	labels := labelNames(family.Metric[0])
	switch family.GetType() {
	case dto.MetricType_COUNTER:
		vector := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		for _, metric := range family.Metric {
			vector.WithLabelValues(labelValues(metric)...).Add(metric.GetCounter().GetValue())
		}
		return registry.Register(vector)
	case dto.MetricType_GAUGE:
		vector := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		for _, metric := range family.Metric {
			vector.WithLabelValues(labelValues(metric)...).Set(metric.GetGauge().GetValue())
		}
		return registry.Register(vector)
	case dto.MetricType_HISTOGRAM:
		buckets := finiteBounds(family.Metric[0].GetHistogram())
		vector := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
		for _, metric := range family.Metric {
			fill(vector.WithLabelValues(labelValues(metric)...), metric.GetHistogram())
		}
		return registry.Register(vector)
	default:
		return fmt.Errorf("type %v is not for this", family.GetType())
	}
}

// fill observes each bucket's bound as often as the bucket was hit, and beyond the last bound what is missing of the sum.
//
// A page does not tell what was observed; this gives the same page for values that were bounds themselves, if those in
// the last bucket were all the same.
func fill(observer prometheus.Observer, histogram *dto.Histogram) {
	var before uint64
	last := 0.0
	missing := histogram.GetSampleSum()
	for _, bucket := range histogram.Bucket {
		bound := bucket.GetUpperBound()
		count := bucket.GetCumulativeCount() - before
		before = bucket.GetCumulativeCount()
		if math.IsInf(bound, 1) {
			bound = math.Max(missing/math.Max(float64(count), 1), math.Nextafter(last, bound))
		}
		for ; count > 0; count-- {
			observer.Observe(bound)
			missing -= bound
		}
		last = bound
	}
}

func finiteBounds(histogram *dto.Histogram) []float64 {
	var bounds []float64
	for _, bucket := range histogram.Bucket {
		if bound := bucket.GetUpperBound(); !math.IsInf(bound, 1) {
			bounds = append(bounds, bound)
		}
	}
	return bounds
}

func labelNames(metric *dto.Metric) []string {
	names := make([]string, len(metric.Label))
	for i, label := range metric.Label {
		names[i] = label.GetName()
	}
	return names
}

func labelValues(metric *dto.Metric) []string {
	values := make([]string, len(metric.Label))
	for i, label := range metric.Label {
		values[i] = label.GetValue()
	}
	return values
}
