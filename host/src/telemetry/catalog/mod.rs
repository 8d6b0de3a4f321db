//! All metrics of the host. [The manual](https://prometheus.io/docs/practices/naming/) of Prometheus has the rules for
//! their names.
//!
//! To add one: a constant in one of these files and in its list, a row in `docs/operating/metrics.md`, and the macro of
//! the crate `metrics` where the thing happens. Tests compare all three. Every label must have a limited number of values:
//! names of connectors, of what a configuration has, or of a list in the code. A `table` is limited by the recorder.

mod calls;
mod loading;
mod process;
mod requests;
mod traces;
mod upstream;

pub(crate) use calls::*;
pub(crate) use loading::*;
pub(crate) use process::*;
pub(crate) use requests::*;
pub(crate) use traces::*;
pub(crate) use upstream::*;

use super::metric::Metric;

/// The metrics that are counted where things happen, and the gauges of the rooms, by subject.
pub(super) fn counted() -> impl Iterator<Item = &'static Metric> {
    let lists = [
        requests::ALL,
        calls::ALL,
        upstream::ALL,
        loading::ALL,
        traces::ALL,
    ];
    lists.into_iter().flatten()
}

/// All metrics, in the order in which they are exported.
pub(crate) fn all() -> impl Iterator<Item = &'static Metric> {
    counted().chain(process::ALL)
}
