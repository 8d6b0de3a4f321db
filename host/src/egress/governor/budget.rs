//! A budget: what calls spend together, and what some of them spend apart.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::lane::{Lane, WaitTooLong};
use super::lanes::{LaneKey, LaneVisit, Lanes};
use super::observed::QuotaReadings;
use super::outcome::{CallOutcome, LedgerTicket};
use super::place::CallPlace;
use super::rate::{Pace, Paces};
use super::verdict::ResponseVerdict;
use crate::lock::Mutex;
use crate::scope::Deadline;
use crate::waits::Waits;

/// What is spent together: by all calls, and by those alone that the API, or the configuration, tells apart.
#[derive(Debug)]
pub(super) struct Budget {
    /// As people know it.
    name: Arc<str>,
    /// What all calls spend.
    common: Lane,
    lanes: Mutex<Lanes>,
}

/// A call that has been let through.
#[derive(Debug)]
pub(super) struct BudgetTicket {
    place: CallPlace,
    common: LedgerTicket,
    /// Where it spends a quota that not all calls spend.
    own: Option<LaneVisit>,
}

impl Budget {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            common: Lane::new(name),
            lanes: Mutex::default(),
        }
    }

    /// Waits until a call to this place may be made, at most until `limit`; says whether it had to. What it waits for is
    /// noted in `waits`.
    ///
    /// # Errors
    ///
    /// [`WaitTooLong`], as soon as it is known.
    pub(super) async fn admit(
        &self,
        place: CallPlace,
        paces: &Paces,
        limit: Deadline,
        waits: &Arc<Waits>,
    ) -> Result<(BudgetTicket, bool), WaitTooLong> {
        let mut was_held = false;
        loop {
            let own = match self.apart(place, paces) {
                None => None,
                Some((key, lane, pace)) => {
                    let (ticket, held) = lane.admit(&pace, limit, waits).await?;
                    was_held |= held;
                    Some(LaneVisit::new(key, lane, pace, ticket))
                }
            };
            let (common, held) = self.common.admit(&paces.common, limit, waits).await?;
            was_held |= held;
            let ticket = BudgetTicket { place, common, own };
            // While it was held, another call's response may have told which quota this one spends.
            if !ticket.is_astray() || self.own_key(place, paces).as_ref() == ticket.key() {
                return Ok((ticket, was_held));
            }
            self.unmake(&ticket, paces);
        }
    }

    /// Notes how a call ended.
    pub(super) fn settle(
        &self,
        ticket: BudgetTicket,
        ending: CallOutcome,
        paces: &Paces,
        longest: Duration,
    ) {
        let (status, verdict, observed) = match ending {
            CallOutcome::Answered {
                status,
                verdict,
                observed,
            } => (status, verdict, observed),
            CallOutcome::Unmade | CallOutcome::Elsewhere => return self.unmake(&ticket, paces),
            CallOutcome::Unanswered => {
                self.common.settle(
                    ticket.common,
                    CallOutcome::Unanswered,
                    &paces.common,
                    longest,
                );
                if let Some(own) = ticket.own {
                    own.settle(CallOutcome::Unanswered, longest);
                }
                return;
            }
        };
        let BudgetTicket { place, common, own } = ticket;
        let (own, rest) = self.attribute(place, own, verdict, observed, paces);
        let rest = rest.map_or(CallOutcome::Elsewhere, |observed| CallOutcome::Answered {
            status,
            verdict,
            observed,
        });
        self.common.settle(common, rest, &paces.common, longest);
        if let Some((visit, observed)) = own {
            let answered = CallOutcome::Answered {
                status,
                verdict,
                observed,
            };
            visit.settle(answered, longest);
        }
    }

    /// Which of a response's words are for the call's own quota, and which for what all calls spend.
    fn attribute(
        &self,
        place: CallPlace,
        own: Option<LaneVisit>,
        verdict: ResponseVerdict,
        observed: QuotaReadings,
        paces: &Paces,
    ) -> (Option<(LaneVisit, QuotaReadings)>, Option<QuotaReadings>) {
        let is_refusal = matches!(verdict, ResponseVerdict::RateLimit(_));
        if let Some(rule) = place.rule.and_then(|rule| paces.rules.get(rule)) {
            let pause = (is_refusal && observed.is_for_all_calls).then(|| observed.pause());
            let (its, rest) = observed.split(rule.has_headers.then_some(&rule.name));
            return (own.map(|own| (own, its)), rest.or(pause));
        }
        if observed.resource.is_none() && observed.is_rate_of_an_operation() {
            let key = LaneKey::Operation(place.shape);
            return self.of_operation(key, place, own, observed, paces);
        }
        let Some(resource) = &observed.resource else {
            return match own {
                Some(own) if matches!(own.key, LaneKey::Operation(_)) => {
                    let is_for_all = is_refusal && observed.is_for_all_calls;
                    let rest = is_for_all.then(|| observed.pause());
                    (Some((own, observed)), rest)
                }
                // A refusal that names no quota, from an API that names them, is for all calls.
                Some(_) if is_refusal => (None, Some(observed)),
                // The place has no quota of its own after all.
                Some(own) if matches!(own.key, LaneKey::Shape(_)) => {
                    if verdict == ResponseVerdict::Answer {
                        self.lanes.lock().learn(place, None);
                    }
                    (None, Some(observed))
                }
                Some(own) => (Some((own, observed)), None),
                None => (None, Some(observed)),
            };
        };
        let key = LaneKey::Resource(resource.clone());
        let lane = {
            let mut lanes = self.lanes.lock();
            if !lanes.knows(place, resource) {
                lanes.learn(place, Some(resource));
            }
            lanes.lane(&key, &self.name, Instant::now())
        };
        let (Some(lane), pace) = (lane, paces.apart) else {
            return (None, Some(observed));
        };
        let visit = match own {
            Some(own) if own.key == key => own,
            // It was taken for another quota's.
            _ => LaneVisit::new(key, lane.clone(), pace, lane.take_up()),
        };
        // So is one though calls of this quota are left.
        let is_for_all = is_refusal && (!observed.is_spent() || observed.is_for_all_calls);
        let rest = is_for_all.then(|| observed.pause());
        (Some((visit, observed)), rest)
    }

    /// The words of a response that tells the rate of one operation are for that alone.
    fn of_operation(
        &self,
        key: LaneKey,
        place: CallPlace,
        own: Option<LaneVisit>,
        observed: QuotaReadings,
        paces: &Paces,
    ) -> (Option<(LaneVisit, QuotaReadings)>, Option<QuotaReadings>) {
        let lane = {
            let mut lanes = self.lanes.lock();
            lanes.learn_operation(place);
            lanes.lane(&key, &self.name, Instant::now())
        };
        let rest = observed.is_for_all_calls.then(|| observed.pause());
        let visit = match (own, lane) {
            (Some(own), _) if own.key == key => own,
            (_, Some(lane)) => LaneVisit::new(key, lane.clone(), paces.apart, lane.take_up()),
            (_, None) => return (None, rest),
        };
        (Some((visit, observed)), rest)
    }

    /// When a call to this place is due that is made after those in the queue, at the earliest.
    pub(super) fn earliest(&self, place: CallPlace, paces: &Paces) -> Option<Instant> {
        let own = self
            .apart(place, paces)
            .and_then(|(_, lane, pace)| lane.earliest(&pace));
        own.max(self.common.earliest(&paces.common))
    }

    /// The quota that a call to this place spends besides that of all calls.
    fn apart(&self, place: CallPlace, paces: &Paces) -> Option<(LaneKey, Arc<Lane>, Pace)> {
        let mut lanes = self.lanes.lock();
        let key = lanes.key(place, paces)?;
        let lane = lanes.lane(&key, &self.name, Instant::now())?;
        let rule = place.rule.and_then(|rule| paces.rules.get(rule));
        Some((key, lane, rule.map_or(paces.apart, |rule| rule.pace)))
    }

    fn own_key(&self, place: CallPlace, paces: &Paces) -> Option<LaneKey> {
        self.apart(place, paces).map(|(key, ..)| key)
    }

    /// How many quotas are kept apart, and of how many places it is known which they spend.
    #[cfg(test)]
    pub(super) fn kept(&self) -> (usize, usize) {
        self.lanes.lock().kept()
    }

    fn unmake(&self, ticket: &BudgetTicket, paces: &Paces) {
        self.common.settle(
            ticket.common,
            CallOutcome::Unmade,
            &paces.common,
            Duration::ZERO,
        );
    }

    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.common.is_idle(now) && self.lanes.lock().are_idle(now)
    }
}

impl BudgetTicket {
    pub(super) fn place(&self) -> CallPlace {
        self.place
    }

    fn key(&self) -> Option<&LaneKey> {
        self.own.as_ref().map(|own| &own.key)
    }

    /// Whether it was let through before its quota was known.
    fn is_astray(&self) -> bool {
        matches!(self.key(), None | Some(LaneKey::Shape(_)))
    }
}
