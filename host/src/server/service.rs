//! The state shared by all requests.

use std::sync::Arc;

use super::live::LiveSettings;
use super::request_trace::RequestTracer;
use super::shutdown::ShutdownState;
use super::unjudged_waits::UnjudgedWaits;
use crate::attempts::{UnjudgedKeys, WrongKeys};
use crate::connectors::Connectors;
use crate::pages::Pages;

/// The state shared by all requests.
pub(super) struct Service {
    pub(super) connectors: Arc<Connectors>,
    pub(super) pages: Pages,
    pub(super) live: LiveSettings,
    /// Whether answers are compressed for clients that accept it.
    pub(super) compression: bool,
    pub(super) wrong_keys: WrongKeys,
    /// Keys for connectors whose keys nobody knows.
    pub(super) unjudged_keys: UnjudgedKeys,
    pub(super) unjudged_waits: UnjudgedWaits,
    pub(super) shutdown: ShutdownState,
    /// Records the traces of requests; `None` if none are recorded.
    pub(super) tracer: Option<RequestTracer>,
}
