//! All quotas of one ledger, in whatever form the API describes them.

use std::time::Duration;

use tokio::time::Instant;

use super::arrival::{Arrival, CallCount};
use super::bucket::Bucket;
use super::quota_report::{QuotaForm, QuotaReport};
use super::rate::Pace;
use super::window::Window;

/// How many quotas of one API are kept track of.
pub(super) const MAX_WINDOWS: usize = 8;

/// The known state of an API's quotas.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    windows: Vec<Window>,
    buckets: Vec<Bucket>,
    /// The time between two calls of the rate that was stated last.
    pub(super) interval: Option<Duration>,
}

impl Quotas {
    /// Learns everything that one response says about the quotas. `cost` is the cost of its call, if stated. Quotas
    /// that it doesn't name lose one call, unless it comes from a cache.
    pub(super) fn learn(&mut self, stated: Vec<QuotaReport>, cost: Option<u64>, arrival: &Arrival) {
        let is_stated =
            |name: &str, stated: &[QuotaReport]| stated.iter().any(|quota| quota.name == name);
        if !arrival.is_cached() {
            for window in &mut self.windows {
                if !is_stated(&window.name, &stated) {
                    window.spend();
                }
            }
            for bucket in &mut self.buckets {
                if !is_stated(&bucket.name, &stated) {
                    bucket.spend();
                }
            }
        }
        for quota in stated {
            match quota.form {
                QuotaForm::Window => self.learn_window(quota, cost, arrival),
                QuotaForm::Bucket(each) => self.learn_bucket(quota, each, arrival),
                QuotaForm::Rate(interval) => {
                    // A hundredth slower, as for a configured rate.
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

    /// Forgets the past quotas that the answer to the call of this number, which was just learned, didn't name.
    pub(super) fn forget(&mut self, arrival: &Arrival) {
        self.windows
            .retain(|window| !window.is_gone(arrival.number));
    }

    /// Notes that a call ended that the API may have counted.
    pub(super) fn spend(&mut self) {
        self.windows.iter_mut().for_each(Window::spend);
        self.buckets.iter_mut().for_each(Bucket::spend);
    }

    /// Notes that a call was refused.
    pub(super) fn slow_down(&mut self, now: Instant) {
        for bucket in &mut self.buckets {
            bucket.slow_down(now);
        }
    }

    /// Whether nothing is known.
    pub(super) fn are_unknown(&self) -> bool {
        self.windows.is_empty() && self.buckets.is_empty() && self.interval.is_none()
    }

    /// When a call with this many calls ahead of it is due; `None` for now.
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

    /// The lowest remainder of the quotas whose reset has just passed; `None` if there is none.
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

    /// Whether all of them are full again by now.
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
