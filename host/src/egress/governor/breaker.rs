//! Circuit breakers: calls to an origin that keeps failing fail at once for a while, so that a dead API isn't flooded
//! with calls and its pages don't wait in vain.

use std::collections::HashMap;
use std::sync::MutexGuard;
use std::time::Duration;

use tokio::time::Instant;

use crate::lock::Mutex;

/// The longest time for which calls fail at once, no matter how often the trials fail.
const MOST_COOL_DOWN: Duration = Duration::from_secs(5 * 60);

/// How many origins have their failures counted; calls to others are made as before.
const MAX_ORIGINS: usize = 64;

/// The breakers of one connector, one for each failing origin.
#[derive(Debug)]
pub(super) struct Breakers {
    /// `None` if there are no breakers.
    failures: Option<u32>,
    cool_down: Duration,
    /// Only origins whose last call failed.
    origins: Mutex<HashMap<String, Breaker>>,
}

#[derive(Debug, Default)]
struct Breaker {
    /// Failures in a row.
    failures: u32,
    open: Option<OpenBreaker>,
}

#[derive(Debug)]
struct OpenBreaker {
    until: Instant,
    lasting: Duration,
    /// Whether a call is under way that decides if the breaker closes.
    has_trial: bool,
}

/// Calls fail at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OutOfService {
    pub(super) failures: u32,
    /// The time until the next trial.
    pub(super) wait: Duration,
}

/// How a breaker changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BreakerChange {
    None,
    /// From now on, calls fail at once.
    Opened {
        failures: u32,
        cool_down: Duration,
    },
    /// Calls are made again.
    Closed,
}

impl Breakers {
    /// `failures` in a row open a breaker; 0 disables breakers.
    pub(super) fn new(failures: u32, cool_down: Duration) -> Self {
        Self {
            failures: (failures > 0).then_some(failures),
            cool_down,
            origins: Mutex::default(),
        }
    }

    /// Checks whether calls fail at once.
    pub(super) fn check(&self, origin: &str, now: Instant) -> Result<(), OutOfService> {
        self.origins()
            .get(origin)
            .and_then(|breaker| breaker.refuses(now))
            .map_or(Ok(()), Err)
    }

    /// As [`Self::check`] for a call that is made now. The first call after the cool-down is the trial; returns
    /// whether this is it.
    pub(super) fn enter(&self, origin: &str, now: Instant) -> Result<bool, OutOfService> {
        let mut origins = self.origins();
        let Some(breaker) = origins.get_mut(origin) else {
            return Ok(false);
        };
        if let Some(refusal) = breaker.refuses(now) {
            return Err(refusal);
        }
        let open = breaker.open.as_mut();
        Ok(open.map(|open| open.has_trial = true).is_some())
    }

    /// Notes how a call ended: whether it failed, or `None` if that says nothing about the API.
    pub(super) fn settle(
        &self,
        origin: &str,
        is_trial: bool,
        failed: Option<bool>,
        now: Instant,
    ) -> BreakerChange {
        let Some(most) = self.failures else {
            return BreakerChange::None;
        };
        let mut origins = self.origins();
        match failed {
            Some(false) => match origins.remove(origin) {
                Some(Breaker { open: Some(_), .. }) => BreakerChange::Closed,
                _ => BreakerChange::None,
            },
            None => {
                // The next call is the trial.
                let open = origins
                    .get_mut(origin)
                    .and_then(|breaker| breaker.open.as_mut());
                if let Some(open) = open.filter(|_| is_trial) {
                    open.has_trial = false;
                }
                BreakerChange::None
            }
            Some(true) => {
                if origins.len() >= MAX_ORIGINS && !origins.contains_key(origin) {
                    origins.retain(|_, breaker| breaker.refuses(now).is_some());
                    if origins.len() >= MAX_ORIGINS {
                        return BreakerChange::None;
                    }
                }
                let breaker = origins.entry(origin.to_owned()).or_default();
                breaker.fail(most, is_trial, self.cool_down, now)
            }
        }
    }

    /// How many breakers are open.
    pub(super) fn open(&self) -> usize {
        let origins = self.origins();
        origins
            .values()
            .filter(|breaker| breaker.open.is_some())
            .count()
    }

    fn origins(&self) -> MutexGuard<'_, HashMap<String, Breaker>> {
        self.origins.lock()
    }
}

impl Breaker {
    fn refuses(&self, now: Instant) -> Option<OutOfService> {
        let open = self.open.as_ref()?;
        let wait = open.until.saturating_duration_since(now);
        (open.has_trial || !wait.is_zero()).then_some(OutOfService {
            failures: self.failures,
            wait,
        })
    }

    fn fail(
        &mut self,
        most: u32,
        is_trial: bool,
        cool_down: Duration,
        now: Instant,
    ) -> BreakerChange {
        self.failures = self.failures.saturating_add(1);
        let lasting = match &self.open {
            None if self.failures < most => return BreakerChange::None,
            None => cool_down,
            // A call that was under way before.
            Some(_) if !is_trial => return BreakerChange::None,
            Some(open) => {
                let most = MOST_COOL_DOWN.max(cool_down);
                open.lasting.saturating_mul(2).min(most)
            }
        };
        let is_new = self.open.is_none();
        self.open = Some(OpenBreaker {
            until: now.checked_add(lasting).unwrap_or(now),
            lasting,
            has_trial: false,
        });
        if is_new {
            BreakerChange::Opened {
                failures: self.failures,
                cool_down: lasting,
            }
        } else {
            BreakerChange::None
        }
    }
}

#[cfg(test)]
mod tests;
