//! Configured rates, turned into the time when the next call is due.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::{PathPattern, Rate, RateLimitConfig};

/// A hundredth slower than the rate: calls reach the API a little earlier or later than they are made, and one too
/// many in its window would be refused.
const SLOWER_BY: u32 = 100;

/// The configured pace of a connector's calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// The time between two calls of a configured rate; `None` without a rate.
    interval: Option<Duration>,
    burst: u32,
    pub(super) reserve: u64,
    /// In per cent.
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

    /// Whether the API's stated time between two calls is longer than the configured one.
    pub(super) fn is_slowed_by(&self, stated: Option<Duration>) -> bool {
        stated > self.interval
    }

    /// This pace, with the API's stated time between two calls if that is longer.
    pub(super) fn no_faster_than(&self, stated: Option<Duration>) -> Self {
        Self {
            interval: self.interval.max(stated),
            ..*self
        }
    }
}

/// The time between two calls at a rate of which `reserve` calls are left unused.
fn interval(rate: Rate, reserve: u32) -> Duration {
    let calls = rate.calls.saturating_sub(reserve).max(1);
    let even = rate.period.checked_div(calls).unwrap_or(rate.period);
    even.saturating_add(even.checked_div(SLOWER_BY).unwrap_or_default())
}

/// The paces of a connector's calls.
#[derive(Debug)]
pub(super) struct Paces {
    /// For all calls together.
    pub(super) common: Pace,
    /// For the calls that spend one of the quotas that the API keeps apart.
    pub(super) apart: Pace,
    /// For the calls to the paths of each `[[rate-limit.quota]]`.
    pub(super) rules: Vec<RulePace>,
}

/// The pace of the calls to some paths.
#[derive(Debug)]
pub(super) struct RulePace {
    /// Its index among all configured quotas.
    pub(super) number: usize,
    paths: Vec<PathPattern>,
    /// The paths as they are written; connectors with the same budget share the quota by them.
    pub(super) name: Arc<str>,
    pub(super) pace: Pace,
    /// Whether it uses only the headers that it names.
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

/// When calls at a rate are due, by the generic cell rate algorithm.
#[derive(Debug, Default)]
pub(super) struct RateMeter {
    /// When the calls so far would end if they had been made at the rate; `None` before the first.
    booked: Option<Instant>,
}

impl RateMeter {
    /// When the next call may be made, or the call after `others` more.
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

    /// Takes back a call that was noted but is not made.
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

    /// Makes calls as fast as the meter allows, from `start` on for this long; returns their times.
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
    fn pause_is_followed_by_at_most_one_burst() {
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
