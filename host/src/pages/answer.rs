//! The answer to a request for a page.

use bytes::Bytes;
use weld_protocol::{Pending, Waiting};

use super::calls::Waiter;
use super::key::PageKey;
use super::ready::{CallResult, ReadyPage};
use crate::account::Charge;
use crate::waits::Wait;
use crate::waits::between_pages::wait_of;

/// A page, or the statement that there is none yet.
#[derive(Debug)]
pub(crate) struct PageAnswer {
    /// The JSON, in pieces.
    pub(crate) chunks: [Bytes; 3],
    pub(crate) rows: u64,
    /// Why the page isn't ready; `None` if it is.
    pub(crate) pending: Option<Pending>,
    /// What the page waits for, if that is known.
    pub(crate) waits_for: Option<Wait>,
    /// How many calls to APIs the page repeats after the wait that ended its call.
    pub(crate) repeated_calls: u32,
    /// Whether another request had already begun the call.
    pub(crate) has_joined: bool,
    /// To be returned once the page has reached its client. `None` if this is not a page.
    pub(crate) receipt: Option<Receipt>,
}

/// A promise to report when a page has completely reached its client. If it is dropped before, the page is kept for
/// the next request for it.
pub(crate) struct Receipt(Waiter<PageKey, CallResult<ReadyPage>>);

impl std::fmt::Debug for Receipt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Receipt")
    }
}

impl Receipt {
    /// The last piece of the page is about to be written: later requests begin a new call.
    pub(crate) fn delivering(&mut self) {
        self.0.delivering();
    }

    /// The whole page has been written, so it is forgotten.
    pub(crate) fn delivered(self) {
        self.0.delivered();
    }
}

impl PageAnswer {
    /// The length of the JSON in bytes.
    pub(crate) fn len(&self) -> usize {
        self.chunks.iter().map(Bytes::len).sum()
    }

    /// The request came before the time in its mark.
    pub(super) fn early(state: &str, mark: &Waiting, charge: Charge) -> Self {
        Self {
            waits_for: Some(wait_of(mark)),
            ..Self::without(ReadyPage::pending(state, Pending::Waiting, charge))
        }
    }

    /// The page is being made.
    pub(super) fn running(
        state: &str,
        call: &Waiter<PageKey, CallResult<ReadyPage>>,
        charge: Charge,
    ) -> Self {
        Self {
            waits_for: call.waits().current(),
            has_joined: call.has_joined(),
            ..Self::without(ReadyPage::pending(state, Pending::Running, charge))
        }
    }

    /// The page can't begin here, since the host is shutting down.
    pub(super) fn not_begun(state: &str, charge: Charge) -> Self {
        Self::without(ReadyPage::pending(state, Pending::Waiting, charge))
    }

    pub(super) fn ready(page: &ReadyPage, call: Waiter<PageKey, CallResult<ReadyPage>>) -> Self {
        Self {
            chunks: page.chunks.clone(),
            rows: page.rows,
            pending: page.pending,
            waits_for: page.waits_for.clone(),
            repeated_calls: page.repeated_calls,
            has_joined: call.has_joined(),
            receipt: Some(Receipt(call)),
        }
    }

    fn without(page: ReadyPage) -> Self {
        Self {
            chunks: page.chunks,
            rows: page.rows,
            pending: page.pending,
            waits_for: None,
            repeated_calls: 0,
            has_joined: false,
            receipt: None,
        }
    }
}
