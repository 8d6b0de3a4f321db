//! The quotas of one budget that its API keeps apart, each with its own queue.
//!
//! Which quota a call spends is known from the configuration's paths, or from a header such as `X-RateLimit-Resource`
//! in an earlier response of the same place. At a place that has not been called yet, one call is sent first, and its
//! response shows the quota.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::lane::Lane;
use super::outcome::{CallOutcome, LedgerTicket};
use super::place::CallPlace;
use super::rate::{Pace, Paces};

/// The most quotas of one budget that are kept apart; calls of further ones spend only the quota of all calls.
const MAX_LANES: usize = 32;

/// The most places whose quota is known; beyond that, they are learned again.
const MAX_PLACES: usize = 512;

/// The quota of a budget that a call spends in addition to that of all calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum LaneKey {
    /// The quota of a configured rule, by its paths.
    Rule(Arc<str>),
    /// The quota of a resource, by the API's name for it.
    Resource(Arc<str>),
    /// The quota that responses of some places describe in addition to that of all calls, by its name.
    Part(Arc<str>),
    /// The rate of one operation: calls to places of this shape.
    Operation(u64),
    /// Calls to places of this shape, whose quota is not known yet.
    Shape(u64),
}

/// All quotas that are counted separately, and which places spend them.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<LaneKey, Arc<Lane>>,
    /// The key for each shape of a place; `None` if it spends no quota of its own.
    known: HashMap<u64, Option<LaneKey>>,
    /// The shapes of places whose responses state the rate of their operation.
    operations: HashSet<u64>,
    /// What is known for each beginning of a place; `Mixed` if the places below it differ.
    beginnings: HashMap<u64, Beginning>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Beginning {
    Known(Option<LaneKey>),
    Mixed,
}

impl Lanes {
    /// The quota that a call to this place spends; `None` if it spends only that of all calls.
    pub(super) fn key(&self, place: CallPlace, paces: &Paces) -> Option<LaneKey> {
        if let Some(rule) = place.rule.and_then(|rule| paces.rules.get(rule)) {
            return Some(LaneKey::Rule(rule.name.clone()));
        }
        if self.operations.contains(&place.shape) {
            return Some(LaneKey::Operation(place.shape));
        }
        if self.known.is_empty() && self.operations.is_empty() {
            // As far as is known, the API doesn't keep its quotas apart.
            return None;
        }
        let by_shape = self.known.get(&place.shape);
        let known = by_shape.or_else(|| match self.beginnings.get(&place.beginning) {
            Some(Beginning::Known(key)) => Some(key),
            Some(Beginning::Mixed) | None => None,
        });
        match known {
            Some(Some(key)) => Some(key.clone()),
            Some(None) => None,
            None => Some(LaneKey::Shape(place.shape)),
        }
    }

    /// The lane of a quota, new if there is none; `None` if there are too many. `budget` is the name of the whole
    /// budget.
    pub(super) fn lane(&mut self, key: &LaneKey, budget: &str, now: Instant) -> Option<Arc<Lane>> {
        if let Some(lane) = self.lanes.get(key) {
            return Some(lane.clone());
        }
        if self.lanes.len() >= MAX_LANES {
            self.lanes
                .retain(|_, lane| Arc::strong_count(lane) > 1 || !lane.is_idle(now));
        }
        if self.lanes.len() >= MAX_LANES {
            return None;
        }
        let lane = Arc::new(Lane::new(&match key {
            LaneKey::Rule(name) | LaneKey::Resource(name) | LaneKey::Part(name) => {
                format!("{budget} ({name})")
            }
            LaneKey::Operation(_) => format!("{budget} (one operation)"),
            LaneKey::Shape(_) => budget.to_owned(),
        }));
        self.lanes.insert(key.clone(), lane.clone());
        Some(lane)
    }

    /// Notes which quota a response of this place named; `None` if it named none.
    pub(super) fn learn(&mut self, place: CallPlace, key: Option<&LaneKey>) {
        if self.knows(place, key) {
            return;
        }
        if self.known.len() >= MAX_PLACES {
            self.known.clear();
            self.beginnings.clear();
        }
        let known = Beginning::Known(key.cloned());
        let beginning = self
            .beginnings
            .entry(place.beginning)
            .or_insert_with(|| known.clone());
        if *beginning != known {
            *beginning = Beginning::Mixed;
        }
        self.known.insert(place.shape, key.cloned());
        self.lanes.remove(&LaneKey::Shape(place.shape));
    }

    /// Notes that the responses of this place state the rate of its operation, which no other place has.
    pub(super) fn learn_operation(&mut self, place: CallPlace) {
        if self.operations.len() >= MAX_PLACES {
            self.operations.clear();
        }
        if self.operations.insert(place.shape) {
            self.lanes.remove(&LaneKey::Shape(place.shape));
        }
    }

    fn knows(&self, place: CallPlace, key: Option<&LaneKey>) -> bool {
        let known = self.known.get(&place.shape);
        known.is_some_and(|known| known.as_ref() == key)
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.lanes.len(), self.known.len())
    }

    pub(super) fn are_idle(&self, now: Instant) -> bool {
        self.lanes.values().all(|lane| lane.is_idle(now))
    }
}

/// A call that its lane admitted, until it is settled. If it is dropped before that, the call isn't made.
#[derive(Debug)]
pub(super) struct LaneVisit {
    pub(super) key: LaneKey,
    pub(super) lane: Arc<Lane>,
    pub(super) pace: Pace,
    ticket: Option<LedgerTicket>,
}

impl LaneVisit {
    pub(super) fn new(key: LaneKey, lane: Arc<Lane>, pace: Pace, ticket: LedgerTicket) -> Self {
        Self {
            key,
            lane,
            pace,
            ticket: Some(ticket),
        }
    }

    pub(super) fn settle(mut self, ending: CallOutcome, longest: Duration) {
        if let Some(ticket) = self.ticket.take() {
            self.lane.settle(ticket, ending, &self.pace, longest);
        }
    }
}

impl Drop for LaneVisit {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let longest = Duration::ZERO;
            self.lane
                .settle(ticket, CallOutcome::Unmade, &self.pace, longest);
        }
    }
}
