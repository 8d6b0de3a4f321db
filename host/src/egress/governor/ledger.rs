//! What is known of one budget, and when its next call is due: plain rules over times.

use std::time::Duration;

use tokio::time::Instant;

use super::observed::{QuotaReadings, QuotaReport};
use super::rate::{Pace, RateMeter};
use super::verdict::ResponseVerdict;
use super::window::{Arrival, CallCount, Window};

/// How long the response to a trial is waited for before another call is made.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many quotas of one API are kept track of.
const MAX_WINDOWS: usize = 8;

/// How long calls wait after one was refused without a word on when to come again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MOST_PAUSE: Duration = Duration::from_secs(60);

/// How much later than told the first call after a reset is made once one was too early; doubled each time.
const FIRST_SLACK: Duration = Duration::from_millis(50);
const MOST_SLACK: Duration = Duration::from_secs(1);

/// The calls of one budget.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    calls: CallCount,
    /// How many calls have been made: each one's number.
    made: u64,
    meter: RateMeter,
    windows: Vec<Window>,
    blocked_until: Option<Instant>,
    /// What remained of a quota whose reset has passed, until the first call after it.
    passed: Option<u64>,
    /// Refusals in a row that didn't say how long to wait.
    refusals: u32,
    /// Calls up to this number had been made when the last refusal came.
    refused_at: u64,
    trust: Trust,
    /// The number of the last call that had been made when trust was lost.
    distrusted_at: u64,
}

/// Whether calls may be made side by side.
#[derive(Debug, Default)]
enum Trust {
    /// Nothing is known, or it no longer holds: one call goes first.
    #[default]
    None,
    /// One has gone first.
    Trial { number: u64, began: Instant },
    /// What the API wants is known, be it nothing.
    Known,
}

/// A call that has been let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LedgerTicket {
    number: u64,
    made: Instant,
    /// What remained of a quota that was waited out, where this is the first call after its reset.
    remained: Option<u64>,
}

/// How a call ended.
#[derive(Debug)]
pub(super) enum CallOutcome {
    /// It wasn't made.
    Unmade,
    /// With a response, whose words are all for another quota.
    Elsewhere,
    /// Without a response, as far as is known.
    Unanswered,
    /// With a response.
    Answered {
        status: u16,
        verdict: ResponseVerdict,
        observed: QuotaReadings,
    },
}

impl Ledger {
    /// Lets a call through now, or says when it is due at the earliest. That may be sooner once another call ends.
    pub(super) fn admit(&mut self, pace: &Pace, now: Instant) -> Result<LedgerTicket, Instant> {
        self.pass(pace, now);
        if let Some(due) = self.due(pace, 0, now).filter(|due| *due > now) {
            return Err(due);
        }
        let number = self.count(now);
        if !matches!(self.trust, Trust::Known) {
            self.trust = Trust::Trial { number, began: now };
        }
        self.meter.book(pace, now);
        // Only of a quota that was spent: what others do with the rest says nothing.
        let remained = self.passed.take().filter(|rest| *rest <= pace.reserve);
        Ok(LedgerTicket {
            number,
            made: now,
            remained,
        })
    }

    /// Takes up a call that was made just before `now`, of which it wasn't known that it spends this.
    pub(super) fn take_up(&mut self, now: Instant) -> LedgerTicket {
        LedgerTicket {
            number: self.count(now),
            made: now,
            remained: None,
        }
    }

    fn count(&mut self, now: Instant) -> u64 {
        self.made = self.made.wrapping_add(1);
        self.calls.in_flight = self.calls.in_flight.saturating_add(1);
        self.calls.last = Some(now);
        self.made
    }

    /// When a call is due that so many others precede, where those under way tell nothing new; none for now.
    pub(super) fn due(&self, pace: &Pace, others: u32, now: Instant) -> Option<Instant> {
        let trial = match &self.trust {
            Trust::Trial { began, .. } => began.checked_add(PATIENCE),
            Trust::None | Trust::Known => None,
        };
        let due = self.due_after(&self.calls, pace, others);
        due.max(trial).filter(|due| *due > now)
    }

    /// As [`Self::due`], at the earliest: should all calls under way turn out to be told of already, and a trial be
    /// answered at once.
    pub(super) fn earliest(&self, pace: &Pace, others: u32, now: Instant) -> Option<Instant> {
        let calls = CallCount {
            in_flight: 0,
            ..self.calls
        };
        self.due_after(&calls, pace, others)
            .filter(|due| *due > now)
    }

    fn due_after(&self, calls: &CallCount, pace: &Pace, others: u32) -> Option<Instant> {
        self.windows
            .iter()
            .filter_map(|window| window.due(calls, pace, others))
            .chain(self.meter.due(pace, others))
            .chain(self.blocked_until)
            .max()
    }

    /// Whether nothing would be lost if this were forgotten.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let blocked = self.blocked_until.is_some_and(|until| until > now);
        self.calls.in_flight == 0
            && !blocked
            && !self
                .windows
                .iter()
                .any(|window| now < window.end(MOST_SLACK))
    }

    /// Notes how a call ended. `longest` caps every wait that it may lead to. Says whether calls must wait because it
    /// was refused.
    pub(super) fn settle(
        &mut self,
        ticket: LedgerTicket,
        ending: CallOutcome,
        pace: &Pace,
        longest: Duration,
        now: Instant,
    ) -> bool {
        self.pass(pace, now);
        self.calls.in_flight = self.calls.in_flight.saturating_sub(1);
        let (status, verdict, observed) = match ending {
            CallOutcome::Unmade => {
                self.meter.take_back(pace);
                self.end_trial(ticket, false);
                return false;
            }
            CallOutcome::Elsewhere => {
                self.end_trial(ticket, true);
                return false;
            }
            CallOutcome::Unanswered => {
                // The API may have counted it.
                self.windows.iter_mut().for_each(Window::spend);
                self.end_trial(ticket, false);
                return false;
            }
            CallOutcome::Answered {
                status,
                verdict,
                observed,
            } => (status, verdict, observed),
        };
        let pause = self.pause(ticket, verdict, &observed);
        self.mind_the_edge(ticket, verdict, &observed);
        let told: Vec<_> = observed
            .quotas
            .iter()
            .map(|quota| quota.name.clone())
            .collect();
        let arrival = Arrival {
            now,
            number: ticket.number,
            made: ticket.made,
            last: self.made,
            longest,
        };
        for quota in observed.quotas {
            self.learn(quota, &arrival);
        }
        let is_answer = status < 500 && pause.is_none();
        for window in &mut self.windows {
            if !told.contains(&window.name) {
                window.spend();
            }
        }
        if is_answer {
            self.refusals = 0;
            self.windows
                .retain(|window| told.contains(&window.name) || !window.is_gone(ticket.number));
        }
        self.end_trial(ticket, is_answer);
        if let Some(until) = pause.and_then(|pause| now.checked_add(pause.min(longest))) {
            self.blocked_until = self.blocked_until.max(Some(until));
        }
        pause.is_some()
    }

    /// Notes what the passing of time has ended.
    fn pass(&mut self, pace: &Pace, now: Instant) {
        if self.blocked_until.is_some_and(|until| until <= now) {
            self.blocked_until = None;
            self.distrust();
        }
        let (calls, made) = (self.calls, self.made);
        let passed = self
            .windows
            .iter_mut()
            .filter_map(|window| window.pass(&calls, pace, now, made));
        if let Some(rest) = passed.min() {
            self.passed = Some(rest);
            self.distrust();
        }
        if let Trust::Trial { began, .. } = self.trust
            && began.checked_add(PATIENCE).is_some_and(|end| end <= now)
        {
            self.trust = Trust::None;
        }
    }

    fn learn(&mut self, quota: QuotaReport, arrival: &Arrival) {
        if let Some(window) = self
            .windows
            .iter_mut()
            .find(|window| window.name == quota.name)
        {
            window.learn(quota, arrival);
            return;
        }
        if self.windows.len() >= MAX_WINDOWS {
            self.windows.retain(|window| !window.is_over());
        }
        if self.windows.len() < MAX_WINDOWS {
            self.windows.push(Window::new(quota, arrival));
        }
    }

    /// How long calls must wait after a response that refuses one.
    fn pause(
        &mut self,
        ticket: LedgerTicket,
        verdict: ResponseVerdict,
        observed: &QuotaReadings,
    ) -> Option<Duration> {
        match verdict {
            ResponseVerdict::RateLimit(None) => {}
            ResponseVerdict::RateLimit(told) => return told,
            ResponseVerdict::Answer | ResponseVerdict::Failure | ResponseVerdict::Credential => {
                return None;
            }
        }
        let spent = observed.quotas.iter().filter(|quota| quota.remaining == 0);
        if let Some(reset) = spent
            .map(|quota| quota.reset)
            .max()
            .filter(|wait| !wait.is_zero())
        {
            return Some(reset);
        }
        // Those that were under way together are one refusal.
        if ticket.number > self.refused_at {
            self.refused_at = self.made;
            self.refusals = self.refusals.saturating_add(1);
        }
        let doubled = 2_u32.saturating_pow(self.refusals.saturating_sub(1));
        Some(FIRST_PAUSE.saturating_mul(doubled).min(MOST_PAUSE))
    }

    /// Where the first call after a reset shows that it came before it, later ones leave more time.
    fn mind_the_edge(
        &mut self,
        ticket: LedgerTicket,
        verdict: ResponseVerdict,
        observed: &QuotaReadings,
    ) {
        let Some(remained) = ticket.remained else {
            return;
        };
        let went_on = observed
            .quotas
            .iter()
            .any(|quota| quota.remaining < remained);
        if matches!(verdict, ResponseVerdict::RateLimit(_)) || went_on {
            let doubled = self.calls.slack.saturating_mul(2);
            self.calls.slack = doubled.clamp(FIRST_SLACK, MOST_SLACK);
        }
    }

    fn distrust(&mut self) {
        self.trust = Trust::None;
        self.distrusted_at = self.made;
    }

    fn end_trial(&mut self, ticket: LedgerTicket, is_answer: bool) {
        // A trial's answer counts also where it came so late that others went too.
        if is_answer && ticket.number > self.distrusted_at {
            self.trust = Trust::Known;
        } else if matches!(self.trust, Trust::Trial { number, .. } if number == ticket.number) {
            self.trust = Trust::None;
        }
    }
}

#[cfg(test)]
mod tests;
