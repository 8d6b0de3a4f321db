//! The quotas of one budget that its API keeps apart, each with a queue of its own.
//!
//! Which quota a call spends is known from the configuration's paths, or from a header such as `X-RateLimit-Resource` of
//! an earlier response to the same place. Of a place that nobody has called yet, one call goes first, and its response
//! tells.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::lane::Lane;
use super::outcome::{CallOutcome, LedgerTicket};
use super::place::CallPlace;
use super::rate::{Pace, Paces};

/// Quotas of one budget that are kept apart at once; calls of further ones spend what all spend.
const MAX_LANES: usize = 32;

/// Places whose quota is known at once; past it, they are learned anew.
const MAX_PLACES: usize = 512;

/// Which quota of a budget a call spends, besides what all calls spend.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum LaneKey {
    /// The one of a rule of the configuration, by its paths.
    Rule(Arc<str>),
    /// The one of a resource, as the API calls it.
    Resource(Arc<str>),
    /// The one that responses from some places tell besides that of all calls, by its name.
    Part(Arc<str>),
    /// The rate of one operation: calls to places of this shape.
    Operation(u64),
    /// Not known: calls to places of this shape.
    Shape(u64),
}

/// All quotas that are kept apart, and which places spend them.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<LaneKey, Arc<Lane>>,
    /// By a place's shape. None: it spends no quota of its own.
    told: HashMap<u64, Option<LaneKey>>,
    /// The shapes of places whose responses tell the rate of their operation.
    operations: HashSet<u64>,
    /// By a place's beginning; `Mixed` where those below it differ.
    beginnings: HashMap<u64, Beginning>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Beginning {
    Told(Option<LaneKey>),
    Mixed,
}

impl Lanes {
    /// The quota that a call to this place spends; none where it spends no other than all calls.
    pub(super) fn key(&self, place: CallPlace, paces: &Paces) -> Option<LaneKey> {
        if let Some(rule) = place.rule.and_then(|rule| paces.rules.get(rule)) {
            return Some(LaneKey::Rule(rule.name.clone()));
        }
        if self.operations.contains(&place.shape) {
            return Some(LaneKey::Operation(place.shape));
        }
        if self.told.is_empty() && self.operations.is_empty() {
            // The API doesn't tell its quotas apart, as far as is known.
            return None;
        }
        let by_shape = self.told.get(&place.shape);
        let known = by_shape.or_else(|| match self.beginnings.get(&place.beginning) {
            Some(Beginning::Told(key)) => Some(key),
            Some(Beginning::Mixed) | None => None,
        });
        match known {
            Some(Some(key)) => Some(key.clone()),
            Some(None) => None,
            None => Some(LaneKey::Shape(place.shape)),
        }
    }

    /// The lane of a quota, new if there is none; none where there are too many. `budget` is what people call the whole.
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

    /// Notes which quota a response from this place named; none where it named none.
    pub(super) fn learn(&mut self, place: CallPlace, key: Option<&LaneKey>) {
        if self.knows(place, key) {
            return;
        }
        if self.told.len() >= MAX_PLACES {
            self.told.clear();
            self.beginnings.clear();
        }
        let told = Beginning::Told(key.cloned());
        let beginning = self
            .beginnings
            .entry(place.beginning)
            .or_insert_with(|| told.clone());
        if *beginning != told {
            *beginning = Beginning::Mixed;
        }
        self.told.insert(place.shape, key.cloned());
        self.lanes.remove(&LaneKey::Shape(place.shape));
    }

    /// Notes that the responses from this place tell the rate of its operation, which no other place has.
    pub(super) fn learn_operation(&mut self, place: CallPlace) {
        if self.operations.len() >= MAX_PLACES {
            self.operations.clear();
        }
        if self.operations.insert(place.shape) {
            self.lanes.remove(&LaneKey::Shape(place.shape));
        }
    }

    fn knows(&self, place: CallPlace, key: Option<&LaneKey>) -> bool {
        let known = self.told.get(&place.shape);
        known.is_some_and(|known| known.as_ref() == key)
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.lanes.len(), self.told.len())
    }

    pub(super) fn are_idle(&self, now: Instant) -> bool {
        self.lanes.values().all(|lane| lane.is_idle(now))
    }
}

/// A call that its lane let through, until it is settled; dropped without, it isn't made.
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
