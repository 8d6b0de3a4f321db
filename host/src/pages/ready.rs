//! Pages and schemas that are ready, for everybody who waits for them.

use std::sync::Arc;

use bytes::Bytes;
use weld_protocol::{PageText, Pending};

use super::calls::{Retention, SharedOutcome};
use super::error::PagesError;
use crate::account::{Charge, charged_bytes};
use crate::waits::Wait;

/// What a call ends in, for all who wait for it.
pub(super) type CallResult<T> = Result<Arc<T>, Arc<PagesError>>;

/// A page for everybody who asked for it.
#[derive(Debug)]
pub(super) struct ReadyPage {
    pub(super) chunks: [Bytes; 3],
    /// Where it only says when to come again: why.
    pub(super) pending: Option<Pending>,
    pub(super) rows: u64,
    /// What it waits for, if its call was ended for that.
    pub(super) waits_for: Option<Wait>,
    /// How many calls it makes again after that wait.
    pub(super) repeated_calls: u32,
}

/// A schema's JSON, charged for as long as anybody has it.
#[derive(Debug)]
pub(super) struct ReadySchema(pub(super) Bytes);

impl ReadySchema {
    /// A schema's text, of which `charge` is the price or more.
    pub(super) fn new(mut text: String, mut charge: Charge) -> Self {
        text.shrink_to_fit();
        let own = charge.split(text.capacity() as u64);
        Self(charged_bytes(text, own))
    }
}

impl ReadyPage {
    /// A page's text, of which `charge` is the price or more. It goes with the pieces, wherever these go.
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

    /// An answer that only gives a state back; `charge` as of [`new`](Self::new).
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
            Ok(_) => Retention::UntilTold,
            Err(failure) => failure.keeping(),
        }
    }
}
