//! What a page's call is made from.

use std::mem::take;
use std::sync::Arc;

use jiff::Timestamp;
use weld_protocol::Waiting;

use crate::account::{Charge, give_back};
use crate::connectors::Connector;
use crate::scope::Deadline;

/// What a page's call is made from: the request that began it.
pub(super) struct PageCall {
    pub(super) connector: Arc<Connector>,
    pub(super) table: String,
    /// The state as the connector gets it, and in its canonical spelling.
    pub(super) state: String,
    pub(super) canonical: String,
    /// The mark of the request.
    pub(super) mark: Option<Waiting>,
    pub(super) arrived: Timestamp,
    /// When the answer must be there, where the call can't go on without its request.
    pub(super) deadline: Option<Deadline>,
    /// For the texts above.
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
