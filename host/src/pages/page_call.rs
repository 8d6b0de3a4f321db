//! The inputs of a page's call.

use std::mem::take;
use std::sync::Arc;

use jiff::Timestamp;
use weld_protocol::Waiting;

use crate::account::{Charge, give_back};
use crate::connectors::Connector;
use crate::scope::Deadline;

/// The inputs of a page's call, taken from the request that began it.
pub(super) struct PageCall {
    pub(super) connector: Arc<Connector>,
    pub(super) table: String,
    /// The state as the connector receives it, followed by its canonical spelling.
    pub(super) state: String,
    pub(super) canonical: String,
    /// The mark in the request's state.
    pub(super) mark: Option<Waiting>,
    pub(super) arrived: Timestamp,
    /// When the answer must be ready, if the call can't continue without its request.
    pub(super) deadline: Option<Deadline>,
    /// The charge for the texts above.
    pub(super) charge: Charge,
}

impl Drop for PageCall {
    fn drop(&mut self) {
        for text in [take(&mut self.state), take(&mut self.canonical)] {
            let own = self.charge.split(text.capacity() as u64);
            give_back(text, own);
        }
    }
}
