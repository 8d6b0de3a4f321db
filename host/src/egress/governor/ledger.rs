//! What is known of one budget, and when its next call is due: plain rules over times.

use std::time::Duration;

use tokio::time::Instant;

use super::arrival::{Arrival, CallCount};
use super::at_once::CallsAtOnce;
use super::observed::QuotaReadings;
use super::outcome::{AtOnceNews, CallOutcome, LedgerTicket};
use super::quota_report::QuotaForm;
use super::quotas::Quotas;
use super::rate::{Pace, RateMeter};
use super::trust::{PATIENCE, Trust};
use super::verdict::ResponseVerdict;

/// How long calls wait after one was refused without a word on when to come again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MOST_PAUSE: Duration = Duration::from_secs(60);

/// How much later than told the first call after a reset is made once one was too early; doubled each time.
const FIRST_SLACK: Duration = Duration::from_millis(50);
const MOST_SLACK: Duration = Duration::from_secs(1);

/// An age is told in whole seconds.
const ROUNDING: Duration = Duration::from_secs(1);

/// The calls of one budget.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    calls: CallCount,
    /// How many calls have been made: each one's number.
    made: u64,
    meter: RateMeter,
    quotas: Quotas,
    blocked_until: Option<Instant>,
    /// What remained of a quota whose reset has passed, until the first call after it.
    passed: Option<u64>,
    /// Refusals in a row that didn't say how long to wait.
    refusals: u32,
    /// Calls up to this number had been made when the last refusal came.
    refused_at: u64,
    trust: Trust,
    at_once: CallsAtOnce,
    /// How many calls may be made at once from now on, until somebody has asked for it.
    news: Option<AtOnceNews>,
}

impl Ledger {
    /// Lets a call through now, or says when it is due at the earliest. That may be sooner once another call ends.
    pub(super) fn admit(&mut self, pace: &Pace, now: Instant) -> Result<LedgerTicket, Instant> {
        self.pass(pace, now);
        if let Some(due) = self.due(pace, 0, now).filter(|due| *due > now) {
            return Err(due);
        }
        let number = self.count(now);
        self.trust.begin(number, now);
        self.meter.book(&self.told_pace(pace), now);
        // Only of a quota that was spent: what others do with the rest says nothing.
        let remained = self.passed.take().filter(|rest| *rest <= pace.reserve);
        Ok(LedgerTicket {
            number,
            made: now,
            at_once: self.calls.in_flight,
            remained,
        })
    }

    /// Takes up a call that was made just before `now`, of which it wasn't known that it spends this.
    pub(super) fn take_up(&mut self, now: Instant) -> LedgerTicket {
        LedgerTicket {
            number: self.count(now),
            made: now,
            at_once: self.calls.in_flight,
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
        // Sooner as soon as another call ends.
        let in_flight = self.calls.in_flight;
        let crowded = (!self.at_once.allows(in_flight)).then(|| now.checked_add(PATIENCE));
        let due = self.due_after(&self.calls, pace, others);
        due.max(self.trust.due())
            .max(crowded.flatten())
            .filter(|due| *due > now)
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
        let rate = self.meter.due(&self.told_pace(pace), others);
        let quotas = self.quotas.due(calls, pace, others);
        quotas.max(rate).max(self.blocked_until)
    }

    /// The pace with the rate that the API tells, if that is slower.
    fn told_pace(&self, pace: &Pace) -> Pace {
        pace.no_faster_than(self.quotas.interval)
    }

    /// Whether, and why, another number of calls than before may be made at once; told once.
    pub(super) fn news(&mut self) -> Option<AtOnceNews> {
        self.news.take()
    }

    /// Whether nothing would be lost if this were forgotten.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let blocked = self.blocked_until.is_some_and(|until| until > now);
        self.calls.in_flight == 0 && !blocked && self.quotas.are_whole(now, MOST_SLACK)
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
                self.meter.take_back(&self.told_pace(pace));
                self.trust.end(ticket.number, false);
                return false;
            }
            CallOutcome::Elsewhere => {
                self.trust.end(ticket.number, true);
                return false;
            }
            CallOutcome::Unanswered => {
                // The API may have counted it.
                self.quotas.spend();
                self.trust.end(ticket.number, false);
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
        let took = now.saturating_duration_since(ticket.made);
        let is_cached = observed.age > took.saturating_add(ROUNDING);
        let arrival = Arrival {
            now,
            number: if is_cached { 0 } else { ticket.number },
            made: ticket.made,
            last: self.made,
            overtaken_by: ticket
                .at_once
                .saturating_sub(1)
                .saturating_add(self.made.saturating_sub(ticket.number)),
            longest,
        };
        self.mind_calls_at_once(ticket, &verdict, &observed, now);
        if pause.is_some() {
            self.quotas.slow_down(now);
        }
        let is_metered = self.told_pace(pace).has_rate();
        self.quotas.learn(observed.quotas, observed.cost, &arrival);
        if !is_metered {
            // The call that tells a rate is the first one of it.
            self.meter.book(&self.told_pace(pace), ticket.made);
        }
        let is_answer = status < 500 && pause.is_none();
        if is_answer {
            self.refusals = 0;
            self.quotas.forget(&arrival);
        }
        self.trust.end(ticket.number, is_answer);
        if let Some(until) = pause.and_then(|pause| now.checked_add(pause.min(longest))) {
            self.blocked_until = self.blocked_until.max(Some(until));
        }
        pause.is_some()
    }

    /// Notes what the passing of time has ended.
    fn pass(&mut self, pace: &Pace, now: Instant) {
        if self.blocked_until.is_some_and(|until| until <= now) {
            self.blocked_until = None;
            self.trust.lose(self.made);
        }
        let (calls, made) = (self.calls, self.made);
        if let Some(rest) = self.quotas.pass(&calls, pace, now, made) {
            self.passed = Some(rest);
            self.trust.lose(made);
        }
        self.trust.pass(now);
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
        let resets = spent.filter_map(|quota| match quota.form {
            QuotaForm::Window => quota.reset,
            QuotaForm::Bucket(each) => each,
            QuotaForm::Rate(_) => None,
        });
        if let Some(reset) = resets.max().filter(|wait| !wait.is_zero()) {
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

    /// A refusal that names no quota, or calls at once, may be for those.
    fn mind_calls_at_once(
        &mut self,
        ticket: LedgerTicket,
        verdict: &ResponseVerdict,
        observed: &QuotaReadings,
        now: Instant,
    ) {
        let is_untold = observed.quotas.is_empty() && self.quotas.are_unknown();
        let most = match verdict {
            ResponseVerdict::RateLimit(told) => {
                if !observed.is_of_calls_at_once && !is_untold {
                    return;
                }
                let (at_once, number, last) = (ticket.at_once, ticket.number, self.made);
                if observed.is_of_calls_at_once || told.is_none() {
                    self.at_once.refuse(at_once, number, last, now)
                } else {
                    self.at_once.refuse_for_a_while(at_once, number, last, now)
                }
            }
            ResponseVerdict::Answer => self.at_once.succeed(ticket.at_once, ticket.number, now),
            ResponseVerdict::Failure | ResponseVerdict::Credential => None,
        };
        self.news = most.map_or(self.news, |most| {
            Some(AtOnceNews {
                most,
                is_refusal: !matches!(verdict, ResponseVerdict::Answer),
            })
        });
    }
}

#[cfg(test)]
mod tests;
