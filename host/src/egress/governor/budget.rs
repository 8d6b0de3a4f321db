//! A budget: the quota that all calls spend, and the quotas that only some of them spend.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::held_call::HeldCall;
use super::lane::{Lane, WaitTooLong};
use super::lanes::{LaneKey, LaneVisit, Lanes};
use super::observed::QuotaReadings;
use super::outcome::{CallOutcome, LedgerTicket};
use super::place::CallPlace;
use super::rate::{Pace, Paces};
use super::response_shares::ResponseShares;
use super::verdict::ResponseVerdict;
use crate::lock::Mutex;
use crate::scope::Deadline;

/// The quotas of one budget: the one of all calls, and those that the API or the configuration keeps apart.
#[derive(Debug)]
pub(super) struct Budget {
    /// The name for messages.
    name: Arc<str>,
    /// The quota that all calls spend.
    common: Lane,
    lanes: Mutex<Lanes>,
}

/// An admitted call.
#[derive(Debug)]
pub(super) struct BudgetTicket {
    place: CallPlace,
    common: LedgerTicket,
    /// Its visit to a quota that not all calls spend.
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

    /// Waits until a call to this place may be made, at most until `limit`; returns whether it had to wait. `call`
    /// shows the reason for the wait.
    ///
    /// # Errors
    ///
    /// [`WaitTooLong`], as soon as it is known.
    pub(super) async fn admit(
        &self,
        place: CallPlace,
        paces: &Paces,
        limit: Deadline,
        call: &HeldCall,
    ) -> Result<(BudgetTicket, bool), WaitTooLong> {
        let mut was_held = false;
        loop {
            let own = match self.apart(place, paces) {
                None => None,
                Some((key, lane, pace)) => {
                    let (ticket, held) = lane.admit(&pace, limit, call).await?;
                    was_held |= held;
                    Some(LaneVisit::new(key, lane, pace, ticket))
                }
            };
            let (common, held) = self.common.admit(&paces.common, limit, call).await?;
            was_held |= held;
            let ticket = BudgetTicket { place, common, own };
            // While the call was held, another call's response may have shown which quota this one spends.
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
        let shares = self.attribute(place, own, verdict, observed, paces);
        let answered = |(observed, verdict)| CallOutcome::Answered {
            status,
            verdict,
            observed,
        };
        let of_all = shares.of_all.map_or(CallOutcome::Elsewhere, answered);
        self.common.settle(common, of_all, &paces.common, longest);
        if let Some((visit, observed, verdict)) = shares.own {
            visit.settle(answered((observed, verdict)), longest);
        }
    }

    /// Attributes a response's statements to the call's own quota, and to the quota that all calls spend.
    fn attribute(
        &self,
        place: CallPlace,
        own: Option<LaneVisit>,
        verdict: ResponseVerdict,
        observed: QuotaReadings,
        paces: &Paces,
    ) -> ResponseShares {
        let is_refusal = matches!(verdict, ResponseVerdict::RateLimit(_));
        if let Some(rule) = place.rule.and_then(|rule| paces.rules.get(rule)) {
            if !rule.has_headers {
                return ResponseShares::of_own(own, observed, verdict);
            }
            let (its, rest) = observed.split(&rule.name);
            return ResponseShares::split(own, its, rest, verdict, false);
        }
        if observed.resource.is_none() && observed.is_rate_of_an_operation() {
            self.lanes.lock().learn_operation(place);
            let visit = self.visit(LaneKey::Operation(place.shape), own, paces);
            return ResponseShares::of_own(visit, observed, verdict);
        }
        if let Some(resource) = &observed.resource {
            let key = LaneKey::Resource(resource.clone());
            self.lanes.lock().learn(place, Some(&key));
            let Some(visit) = self.visit(key, own, paces) else {
                return ResponseShares::of_all(observed, verdict);
            };
            // If calls of this quota are left, a refusal is for all calls.
            let is_for_all = is_refusal && (!observed.is_spent() || observed.is_for_all_calls);
            let pause = is_for_all.then(|| (observed.pause(), verdict));
            return ResponseShares {
                own: Some((visit, observed, verdict)),
                of_all: pause,
            };
        }
        if let Some(name) = observed.quota_of_some_calls() {
            let key = LaneKey::Part(name);
            self.lanes.lock().learn(place, Some(&key));
            let Some(visit) = self.visit(key, own, paces) else {
                return ResponseShares::of_all(observed, verdict);
            };
            let (its, rest) = observed.split_off_some_calls();
            return ResponseShares::split(Some(visit), its, rest, verdict, true);
        }
        match own {
            Some(own) if matches!(own.key, LaneKey::Operation(_)) => {
                ResponseShares::of_own(Some(own), observed, verdict)
            }
            // A refusal that names no quota, from an API that names its quotas, is for all calls.
            Some(_) if is_refusal => ResponseShares::of_all(observed, verdict),
            Some(own) if matches!(own.key, LaneKey::Part(_)) => ResponseShares {
                own: Some((own, QuotaReadings::default(), verdict)),
                of_all: Some((observed, verdict)),
            },
            // The place has no quota of its own after all.
            Some(own) if matches!(own.key, LaneKey::Shape(_)) => {
                if verdict == ResponseVerdict::Answer {
                    self.lanes.lock().learn(place, None);
                }
                ResponseShares::of_all(observed, verdict)
            }
            Some(own) => ResponseShares {
                own: Some((own, observed, verdict)),
                of_all: None,
            },
            None => ResponseShares::of_all(observed, verdict),
        }
    }

    /// The visit of a call to the lane of the quota that it spends. The call may first have been assigned to another
    /// lane. `None` if there are too many lanes.
    fn visit(&self, key: LaneKey, own: Option<LaneVisit>, paces: &Paces) -> Option<LaneVisit> {
        if let Some(own) = own.filter(|own| own.key == key) {
            return Some(own);
        }
        let lane = self.lanes.lock().lane(&key, &self.name, Instant::now())?;
        let ticket = lane.take_up();
        Some(LaneVisit::new(key, lane, paces.apart, ticket))
    }

    /// The earliest time at which a call to this place is due if it joins the queue now.
    pub(super) fn earliest(&self, place: CallPlace, paces: &Paces) -> Option<Instant> {
        let own = self
            .apart(place, paces)
            .and_then(|(_, lane, pace)| lane.earliest(&pace));
        own.max(self.common.earliest(&paces.common))
    }

    /// The quota that a call to this place spends in addition to that of all calls.
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

    /// How many quotas are kept apart, and for how many places the quota is known.
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

    /// Whether it was admitted before its quota was known.
    fn is_astray(&self) -> bool {
        matches!(self.key(), None | Some(LaneKey::Shape(_)))
    }
}
