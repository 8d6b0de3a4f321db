//! All quotas of one ledger, in whichever form the API tells them.

use std::time::Duration;

use tokio::time::Instant;

use super::arrival::{Arrival, CallCount};
use super::bucket::Bucket;
use super::quota_report::{QuotaForm, QuotaReport};
use super::rate::Pace;
use super::window::Window;

/// How many quotas of one API are kept track of.
pub(super) const MAX_WINDOWS: usize = 8;

/// What is known of an API's quotas.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    windows: Vec<Window>,
    buckets: Vec<Bucket>,
    /// Between two calls of the slowest rate that was told.
    pub(super) interval: Option<Duration>,
}

impl Quotas {
    /// Learns what one response says of all of them. `cost` is what its call took, where that is told. Those that it
    /// doesn't name have one call less, unless it comes from a cache.
    pub(super) fn learn(&mut self, told: Vec<QuotaReport>, cost: Option<u64>, arrival: &Arrival) {
        let is_told =
            |name: &str, told: &[QuotaReport]| told.iter().any(|quota| quota.name == name);
        if !arrival.is_cached() {
            for window in &mut self.windows {
                if !is_told(&window.name, &told) {
                    window.spend();
                }
            }
            for bucket in &mut self.buckets {
                if !is_told(&bucket.name, &told) {
                    bucket.spend();
                }
            }
        }
        for quota in told {
            match quota.form {
                QuotaForm::Window => self.learn_window(quota, cost, arrival),
                QuotaForm::Bucket(each) => self.learn_bucket(quota, each, arrival),
                QuotaForm::Rate(interval) => {
                    // A hundredth slower, as for a rate that is configured.
                    let slower = interval.saturating_add(interval / 100);
                    self.interval = Some(slower.min(arrival.longest));
                }
            }
        }
    }

    fn learn_window(&mut self, quota: QuotaReport, cost: Option<u64>, arrival: &Arrival) {
        let known = self
            .windows
            .iter_mut()
            .find(|known| known.name == quota.name);
        if let Some(window) = known {
            window.learn(&quota, cost, arrival);
            return;
        }
        if self.windows.len() >= MAX_WINDOWS {
            self.windows.retain(|window| !window.is_over());
        }
        if self.windows.len() < MAX_WINDOWS {
            self.windows.push(Window::new(quota, cost, arrival));
        }
    }

    fn learn_bucket(&mut self, quota: QuotaReport, each: Option<Duration>, arrival: &Arrival) {
        let known = self
            .buckets
            .iter_mut()
            .find(|known| known.name == quota.name);
        if let Some(bucket) = known {
            bucket.learn(&quota, each, arrival);
        } else if self.buckets.len() < MAX_WINDOWS {
            self.buckets.push(Bucket::new(quota, each, arrival));
        }
    }

    /// Forgets the quotas of the past that the answer to the call of this number, just learned, didn't name.
    pub(super) fn forget(&mut self, arrival: &Arrival) {
        self.windows
            .retain(|window| !window.is_gone(arrival.number));
    }

    /// A call ended that the API may have counted.
    pub(super) fn spend(&mut self) {
        self.windows.iter_mut().for_each(Window::spend);
        self.buckets.iter_mut().for_each(Bucket::spend);
    }

    /// A call was refused.
    pub(super) fn slow_down(&mut self, now: Instant) {
        for bucket in &mut self.buckets {
            bucket.slow_down(now);
        }
    }

    /// Whether nothing is known.
    pub(super) fn are_unknown(&self) -> bool {
        self.windows.is_empty() && self.buckets.is_empty() && self.interval.is_none()
    }

    /// When a call is due that so many others precede; none for now.
    pub(super) fn due(&self, calls: &CallCount, pace: &Pace, others: u32) -> Option<Instant> {
        let windows = self
            .windows
            .iter()
            .filter_map(|window| window.due(calls, pace, others));
        let buckets = self
            .buckets
            .iter()
            .filter_map(|bucket| bucket.due(calls, pace, others));
        windows.chain(buckets).max()
    }

    /// What remained, at the least, of those whose reset has just passed; none where none has.
    pub(super) fn pass(
        &mut self,
        calls: &CallCount,
        pace: &Pace,
        now: Instant,
        last: u64,
    ) -> Option<u64> {
        let windows = self.windows.iter_mut();
        windows
            .filter_map(|window| window.pass(calls, pace, now, last))
            .min()
    }

    /// Whether all of them are whole again by now.
    pub(super) fn are_whole(&self, now: Instant, slack: Duration) -> bool {
        self.windows.iter().all(|window| now >= window.end(slack))
            && self.buckets.iter().all(|bucket| now >= bucket.end())
    }

    #[cfg(test)]
    pub(super) fn buckets(&self) -> usize {
        self.buckets.len()
    }

    #[cfg(test)]
    pub(super) fn windows(&self) -> usize {
        self.windows.len()
    }
}
