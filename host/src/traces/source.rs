//! What every span of a tracer needs.

use std::sync::Arc;

use super::ids::IdSource;
use super::queue::SpanQueue;

/// What every span of a tracer needs: its id, and the queue that it ends in.
#[derive(Debug)]
pub(super) struct SpanSource {
    pub(super) ids: IdSource,
    pub(super) queue: Arc<SpanQueue>,
}
