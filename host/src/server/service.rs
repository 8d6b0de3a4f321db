//! What every request is answered from.

use std::sync::Arc;

use super::body::BodyBounds;
use crate::connectors::{AccessKeys, Connectors};
use crate::pages::Pages;

/// What every request is answered from.
pub(super) struct Service {
    pub(super) connectors: Arc<Connectors>,
    pub(super) pages: Pages,
    /// The host's own.
    pub(super) keys: AccessKeys,
    pub(super) body_bounds: BodyBounds,
}
