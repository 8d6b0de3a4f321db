//! Pages and schemas that are ready, for everybody who waits for them.

use std::sync::Arc;

use bytes::Bytes;
use weld_protocol::{PageText, Pending};

use super::calls::{Retention, SharedOutcome};
use super::error::PagesError;

/// What a call ends in, for all who wait for it.
pub(super) type CallResult<T> = Result<Arc<T>, Arc<PagesError>>;

/// A page for everybody who asked for it.
#[derive(Debug)]
pub(super) struct ReadyPage {
    pub(super) chunks: [Bytes; 3],
    /// Where it only says when to come again: why.
    pub(super) pending: Option<Pending>,
    pub(super) rows: u64,
}

/// A schema's JSON.
#[derive(Debug)]
pub(super) struct ReadySchema(pub(super) Bytes);

impl ReadyPage {
    pub(super) fn new(text: PageText, rows: u64) -> Self {
        Self {
            chunks: text.into_chunks().map(Bytes::from),
            pending: None,
            rows,
        }
    }

    /// An answer that only gives a state back.
    pub(super) fn pending(state: &str, why: Pending) -> Self {
        Self {
            pending: Some(why),
            ..Self::new(PageText::pending(state), 0)
        }
    }

    pub(super) fn len(&self) -> usize {
        self.chunks.iter().map(Bytes::len).sum()
    }
}

impl SharedOutcome for CallResult<ReadyPage> {
    fn bytes(&self) -> u64 {
        self.as_ref()
            .map_or(0, |page| u64::try_from(page.len()).unwrap_or(u64::MAX))
    }

    fn keeping(&self) -> Retention {
        match self {
            Ok(_) => Retention::UntilDelivered,
            Err(failure) => failure.keeping(),
        }
    }
}

impl SharedOutcome for CallResult<ReadySchema> {
    fn bytes(&self) -> u64 {
        self.as_ref().map_or(0, |schema| {
            u64::try_from(schema.0.len()).unwrap_or(u64::MAX)
        })
    }

    fn keeping(&self) -> Retention {
        match self {
            Ok(_) => Retention::UntilTold,
            Err(failure) => failure.keeping(),
        }
    }
}
