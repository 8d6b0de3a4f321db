//! A probe for tests: a metrics recorder that keeps every value by its name and labels.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

use crate::telemetry::catalog;

/// A recorder for one test, used as `let _guard = metrics::set_default_local_recorder(&probe);`.
#[derive(Default)]
pub(crate) struct MetricsProbe(Mutex<BTreeMap<String, Arc<Value>>>);

/// A counter's sum, a gauge's value, or the number of values that a histogram recorded.
#[derive(Default)]
struct Value(Mutex<f64>);

impl MetricsProbe {
    /// The value of `NAME{LABEL=VALUE,…}`, with the labels in alphabetical order; `None` if nothing was recorded.
    pub(crate) fn value(&self, metric: &str) -> Option<f64> {
        Some(*self.0.lock().unwrap().get(metric)?.0.lock().unwrap())
    }

    /// The names of all recorded metrics, for failure messages.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }

    fn at(&self, key: &Key) -> Arc<Value> {
        assert_is_known(key);
        let mut labels: Vec<String> = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        labels.sort();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        self.0.lock().unwrap().entry(name).or_default().clone()
    }
}

/// What the exporter doesn't know is lost, and so are labels that the metric doesn't have.
fn assert_is_known(key: &Key) {
    let metric = catalog::all().find(|metric| metric.name == key.name());
    let metric = metric.unwrap_or_else(|| panic!("{} is not in telemetry/catalog", key.name()));
    let labels: BTreeSet<&str> = key.labels().map(metrics::Label::key).collect();
    let expected: BTreeSet<&str> = metric.labels.iter().copied().collect();
    assert_eq!(labels, expected, "labels of {}", metric.name);
}

impl Value {
    fn add(&self, amount: f64) {
        *self.0.lock().unwrap() += amount;
    }
}

impl CounterFn for Value {
    fn increment(&self, value: u64) {
        self.add(value as f64);
    }

    fn absolute(&self, value: u64) {
        *self.0.lock().unwrap() = value as f64;
    }
}

impl GaugeFn for Value {
    fn increment(&self, value: f64) {
        self.add(value);
    }

    fn decrement(&self, value: f64) {
        self.add(-value);
    }

    fn set(&self, value: f64) {
        *self.0.lock().unwrap() = value;
    }
}

impl HistogramFn for Value {
    fn record(&self, _value: f64) {
        self.add(1.0);
    }
}

impl Recorder for MetricsProbe {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.at(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.at(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.at(key))
    }
}
