//! Pages and schemas that are ready, shared by all their waiters.

use std::sync::Arc;

use bytes::Bytes;
use weld_protocol::{PageText, Pending};

use super::calls::{Retention, SharedOutcome};
use super::error::PagesError;
use crate::account::{Charge, charged_bytes};
use crate::waits::Wait;

/// The result of a call, shared by all its waiters.
pub(super) type CallResult<T> = Result<Arc<T>, Arc<PagesError>>;

/// A page, shared by all requests for it.
#[derive(Debug)]
pub(super) struct ReadyPage {
    pub(super) chunks: [Bytes; 3],
    /// Why it is not the page itself, if it only says when to ask again.
    pub(super) pending: Option<Pending>,
    pub(super) rows: u64,
    /// What the page waits for, if its call was ended for a wait.
    pub(super) waits_for: Option<Wait>,
    /// How many calls to APIs it repeats after that wait.
    pub(super) repeated_calls: u32,
}

/// A schema's JSON, charged until the last holder drops it.
#[derive(Debug)]
pub(super) struct ReadySchema(pub(super) Bytes);

impl ReadySchema {
    /// A schema's text. `charge` covers it, and may be larger.
    pub(super) fn new(mut text: String, mut charge: Charge) -> Self {
        text.shrink_to_fit();
        let own = charge.split(text.capacity() as u64);
        Self(charged_bytes(text, own))
    }
}

impl ReadyPage {
    /// A page's text. `charge` covers it, and may be larger; it stays with the pieces wherever they go.
    pub(super) fn new(text: PageText, rows: u64, mut charge: Charge) -> Self {
        let chunks = text.into_chunks().map(|chunk| {
            let own = charge.split(chunk.capacity() as u64);
            charged_bytes(chunk, own)
        });
        Self {
            chunks,
            pending: None,
            rows,
            waits_for: None,
            repeated_calls: 0,
        }
    }

    /// An answer that only returns a state; `charge` as for [`new`](Self::new).
    pub(super) fn pending(state: &str, why: Pending, charge: Charge) -> Self {
        Self {
            pending: Some(why),
            ..Self::new(PageText::pending(state), 0, charge)
        }
    }

    pub(super) fn len(&self) -> usize {
        self.chunks.iter().map(Bytes::len).sum()
    }
}

impl SharedOutcome for CallResult<ReadyPage> {
    fn bytes(&self) -> u64 {
        match self {
            Ok(page) => page.len() as u64,
            Err(failure) => failure.bytes(),
        }
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
        match self {
            Ok(schema) => schema.0.len() as u64,
            Err(failure) => failure.bytes(),
        }
    }

    fn keeping(&self) -> Retention {
        match self {
            Ok(_) => Retention::UntilReported,
            Err(failure) => failure.keeping(),
        }
    }
}
