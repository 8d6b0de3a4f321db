//! The values of a histogram: counts, in a memory of fixed size.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::HistogramFn;

use super::metric::nanoseconds;

/// How many times were how long.
#[derive(Debug)]
pub(super) struct Buckets {
    /// Upper bounds in seconds, ascending.
    bounds: &'static [f64],
    /// The times up to each bound that are longer than the bound before it, and those beyond all bounds.
    counts: Box<[AtomicU64]>,
    /// The sum in nanoseconds.
    sum: AtomicU64,
}

/// A histogram at one moment.
#[derive(Debug, PartialEq)]
pub(super) struct BucketSnapshot {
    /// For each bound in seconds, how many times were at most that long.
    pub(super) up_to: Vec<(f64, u64)>,
    /// How many times there were.
    pub(super) count: u64,
    /// All times together.
    pub(super) sum: Duration,
}

impl Buckets {
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    pub(super) fn snapshot(&self) -> BucketSnapshot {
        let mut count = 0_u64;
        let mut so_far = self.counts.iter().map(|bucket| {
            count = count.saturating_add(bucket.load(Ordering::Relaxed));
            count
        });
        let up_to = self.bounds.iter().copied().zip(so_far.by_ref()).collect();
        // Those beyond all bounds.
        so_far.for_each(drop);
        BucketSnapshot {
            up_to,
            count,
            sum: Duration::from_nanos(self.sum.load(Ordering::Relaxed)),
        }
    }
}

impl HistogramFn for Buckets {
    fn record(&self, seconds: f64) {
        // Negative, infinite or not a number: not a time.
        let Ok(time) = Duration::try_from_secs_f64(seconds) else {
            return;
        };
        let place = self.bounds.partition_point(|bound| *bound < seconds);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
            self.sum.fetch_add(nanoseconds(time), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_for_every_bound_that_is_not_shorter() {
        let buckets = Buckets::new(&[0.5, 1.0, 60.0]);
        for seconds in [0.25, 0.5, 0.75, 60.0, 61.0] {
            buckets.record(seconds);
        }
        assert_eq!(
            buckets.snapshot(),
            BucketSnapshot {
                up_to: vec![(0.5, 2), (1.0, 3), (60.0, 4)],
                count: 5,
                sum: Duration::from_millis(122_500),
            }
        );
    }

    #[test]
    fn values_that_cannot_be_times_are_left_out() {
        let buckets = Buckets::new(&[1.0]);
        for value in [-1.0, f64::NAN, f64::INFINITY, f64::MAX] {
            buckets.record(value);
        }
        assert_eq!(buckets.snapshot().count, 0);
    }
}
