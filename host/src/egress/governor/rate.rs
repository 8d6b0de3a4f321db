//! Configured rates, as the time at which the next call is due.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::{PathPattern, Rate, RateLimitConfig};

/// A hundredth slower than the rate: calls reach the API a little earlier or later than they are made, and one too many
/// in its window would be refused.
const SLOWER_BY: u32 = 100;

/// What a connector's configuration says of the pace of its calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Between two calls of a configured rate; none without one.
    interval: Option<Duration>,
    burst: u32,
    pub(super) reserve: u64,
    /// Per cent.
    pub(super) pace_below: u32,
}

impl Pace {
    pub(super) fn of(config: &RateLimitConfig) -> Self {
        Self {
            interval: config.rate.map(|rate| interval(rate, config.reserve)),
            burst: config.burst,
            reserve: config.reserve.into(),
            pace_below: config.pace_below,
        }
    }
}

impl Pace {
    pub(super) fn has_rate(&self) -> bool {
        self.interval.is_some()
    }

    /// This one, or with the time between two calls that an API told, if that is longer.
    pub(super) fn no_faster_than(&self, told: Option<Duration>) -> Self {
        Self {
            interval: self.interval.max(told),
            ..*self
        }
    }
}

/// Between two calls that are made at a rate of which so many are not made.
fn interval(rate: Rate, reserve: u32) -> Duration {
    let calls = rate.calls.saturating_sub(reserve).max(1);
    let even = rate.period.checked_div(calls).unwrap_or(rate.period);
    even.saturating_add(even.checked_div(SLOWER_BY).unwrap_or_default())
}

/// The paces of a connector's calls.
#[derive(Debug)]
pub(super) struct Paces {
    /// Of all calls together.
    pub(super) common: Pace,
    /// Of the calls that spend one of the quotas which the API keeps apart.
    pub(super) apart: Pace,
    /// Of the calls to the paths of each `[[rate-limit.quota]]`.
    pub(super) rules: Vec<RulePace>,
}

/// The pace of the calls to some paths.
#[derive(Debug)]
pub(super) struct RulePace {
    /// Its place among all quotas of the configuration.
    pub(super) number: usize,
    paths: Vec<PathPattern>,
    /// The paths as they are written, by which connectors with one budget share the quota.
    pub(super) name: Arc<str>,
    pub(super) pace: Pace,
    /// Whether only the headers that it names are for it.
    pub(super) has_headers: bool,
}

impl Paces {
    pub(super) fn of(config: &RateLimitConfig) -> Self {
        let common = Pace::of(config);
        let apart = Pace {
            interval: None,
            ..common
        };
        let rules = config.quotas.iter().enumerate();
        let rules = rules.filter(|(_, rule)| !rule.paths.is_empty());
        Self {
            common,
            apart,
            rules: rules
                .map(|(number, rule)| RulePace {
                    number,
                    name: rule.name(),
                    paths: rule.paths.clone(),
                    pace: Pace {
                        interval: rule.rate.map(|rate| interval(rate, config.reserve)),
                        burst: rule.burst,
                        ..common
                    },
                    has_headers: rule.headers.tells_a_quota(),
                })
                .collect(),
        }
    }
}

impl RulePace {
    pub(super) fn matches(&self, path: &str) -> bool {
        self.paths.iter().any(|pattern| pattern.matches(path))
    }
}

/// When calls are due that are made at a rate: the generic cell rate algorithm.
#[derive(Debug, Default)]
pub(super) struct RateMeter {
    /// When the calls so far would end if they had been made at the rate; none before the first.
    booked: Option<Instant>,
}

impl RateMeter {
    /// When the next call may be made, or the one after so many others.
    pub(super) fn due(&self, pace: &Pace, others: u32) -> Option<Instant> {
        let (interval, booked) = (pace.interval?, self.booked?);
        let early = interval.saturating_mul(pace.burst.saturating_sub(1));
        let later = interval.saturating_mul(others);
        let due = booked.checked_add(later)?;
        Some(due.checked_sub(early).unwrap_or(booked))
    }

    /// Notes a call.
    pub(super) fn book(&mut self, pace: &Pace, now: Instant) {
        if let Some(interval) = pace.interval {
            let from = self.booked.map_or(now, |booked| booked.max(now));
            self.booked = from.checked_add(interval);
        }
    }

    /// Takes a call back that was noted and is not made.
    pub(super) fn take_back(&mut self, pace: &Pace) {
        if let Some((interval, booked)) = pace.interval.zip(self.booked) {
            self.booked = booked.checked_sub(interval);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pace(rate: &str, burst: u32, reserve: u32) -> Pace {
        Pace::of(&RateLimitConfig {
            rate: Some(rate.parse().unwrap()),
            burst,
            reserve,
            ..RateLimitConfig::default()
        })
    }

    /// Makes calls as fast as the meter lets them, from `start` on for so long; answers their times.
    fn calls(pace: &Pace, start: Instant, lasting: Duration) -> Vec<Duration> {
        let mut meter = RateMeter::default();
        let mut now = start;
        let mut made = Vec::new();
        while now < start + lasting {
            if let Some(due) = meter.due(pace, 0).filter(|due| *due > now) {
                now = due;
                continue;
            }
            meter.book(pace, now);
            made.push(now - start);
        }
        made
    }

    #[test]
    fn calls_are_spread_over_the_period() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let made = calls(&pace("10/s", 1, 0), start, second * 10);
        assert_eq!(made.len(), 100, "a hundredth of the last interval is left");
        assert_eq!(made[1] - made[0], Duration::from_millis(101));
        let made = calls(&pace("10/s", 1, 5), start, second * 10);
        assert_eq!(made.len(), 50, "five of each ten are kept back");
        let made = calls(&pace("10/s", 4, 0), start, second);
        assert_eq!(made[3], Duration::ZERO);
        assert!(made[4] > Duration::ZERO);
    }

    #[test]
    fn pause_is_made_up_for_by_a_burst_at_the_most() {
        let pace = pace("10/s", 3, 0);
        let mut meter = RateMeter::default();
        let start = Instant::now();
        meter.book(&pace, start);
        let later = start + Duration::from_secs(3600);
        for _ in 0..3 {
            assert!(meter.due(&pace, 0).unwrap() <= later);
            meter.book(&pace, later);
        }
        assert!(meter.due(&pace, 0).unwrap() > later);
        assert!(meter.due(&pace, 7).unwrap() > meter.due(&pace, 6).unwrap());
    }

    #[test]
    fn nothing_is_due_without_a_rate() {
        let pace = Pace::of(&RateLimitConfig::default());
        let mut meter = RateMeter::default();
        meter.book(&pace, Instant::now());
        assert_eq!(meter.due(&pace, 0), None);
    }

    proptest! {
        #[test]
        fn rate_is_neither_exceeded_nor_wasted(calls_a_period in 1..500u32, burst in 1..20u32, seconds in 1..100u64) {
            let period = Duration::from_secs(seconds);
            let pace = Pace { interval: None, ..pace("1/s", burst, 0) };
            let rate = crate::config::Rate { calls: calls_a_period, period };
            let pace = Pace {
                interval: Pace::of(&RateLimitConfig { rate: Some(rate), ..RateLimitConfig::default() }).interval,
                ..pace
            };
            let periods = 10;
            let made = calls(&pace, Instant::now(), period * periods);
            for (first, time) in made.iter().enumerate() {
                let within = made[first..].iter().take_while(|other| **other < *time + period).count();
                prop_assert!(within <= (calls_a_period + burst - 1) as usize, "{within}");
            }
            let allowed = f64::from(calls_a_period * periods);
            prop_assert!(made.len() as f64 >= allowed * 0.98, "{} of {allowed}", made.len());
        }
    }
}
