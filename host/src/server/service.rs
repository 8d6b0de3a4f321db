//! The state shared by all requests.

use std::sync::Arc;

use super::body::BodyBounds;
use crate::access_check::AccessKeys;
use crate::connectors::Connectors;
use crate::pages::Pages;

/// The state shared by all requests.
pub(super) struct Service {
    pub(super) connectors: Arc<Connectors>,
    pub(super) pages: Pages,
    /// The host's own keys.
    pub(super) keys: AccessKeys,
    pub(super) body_bounds: BodyBounds,
}
