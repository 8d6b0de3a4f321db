//! What every request is answered from.

use std::sync::Arc;
use std::time::Duration;

use crate::connectors::{AccessKeys, Connectors};
use crate::pages::Pages;

/// What every request is answered from.
pub(super) struct Service {
    pub(super) connectors: Arc<Connectors>,
    pub(super) pages: Pages,
    /// The host's own.
    pub(super) keys: AccessKeys,
    pub(super) max_body_bytes: u64,
    pub(super) body_timeout: Duration,
}
