//! Detects when an answer has been written completely to its connection.
//!
//! A page is kept until then, so that a client whose connection breaks in the middle gets it when it asks again.
//! Handing the body to hyper does not mean that it was sent: hundreds of kilobytes may still be in hyper's buffers.
//! hyper flushes the connection once its buffers are empty, and everything handed over before has then been written to the
//! socket: with TLS, too, since a flush ends only when the socket has taken the last encrypted byte.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, ready};

use super::own_answer::own_answer;
use super::transport::Transport;
use crate::lock::Mutex;
use crate::pages::Receipt;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;

/// The receipts of one connection's answers that hyper has, but may not have written yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Outbox(Arc<Mutex<Vec<Receipt>>>);

impl Outbox {
    /// Called before the last piece of an answer is handed to hyper, so the answer is not completely written yet.
    pub(super) fn put(&self, mut receipt: Receipt) {
        receipt.delivering();
        self.receipts().push(receipt);
    }

    /// The receipts that have been put here, in their order.
    pub(super) fn take(&self) -> Vec<Receipt> {
        std::mem::take(&mut *self.receipts())
    }

    /// Adds receipts whose answers are completely written, except for what the connection still holds.
    pub(super) fn add(&self, receipts: Vec<Receipt>) {
        self.receipts().extend(receipts);
    }

    /// Whether no answer's end waits to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.receipts().is_empty()
    }

    /// Everything has been written.
    pub(super) fn written(&self) {
        for receipt in self.take() {
            receipt.delivered();
        }
    }

    fn receipts(&self) -> MutexGuard<'_, Vec<Receipt>> {
        self.0.lock()
    }
}

/// Where a connection's transport is left when HTTP no longer uses it.
#[derive(Debug, Clone, Default)]
pub(super) struct TransportSlot(Arc<Mutex<Option<Transport>>>);

impl TransportSlot {
    /// The transport, once; `None` while HTTP uses it.
    pub(super) fn take(&self) -> Option<Transport> {
        self.0.lock().take()
    }

    /// Leaves the transport here.
    pub(super) fn leave(&self, transport: Transport) {
        *self.0.lock() = Some(transport);
    }
}

/// A connection that returns receipts, and holds back the answers that hyper makes itself.
pub(super) struct DeliveryStream {
    /// `None` only after it was dropped.
    stream: Option<TokioIo<Transport>>,
    left_in: TransportSlot,
    outbox: Outbox,
    /// The last answer is written by other code.
    is_refused: bool,
}

impl DeliveryStream {
    /// The connection; its transport is left in the slot when it is dropped.
    pub(super) fn new(transport: Transport, left_in: TransportSlot, outbox: Outbox) -> Self {
        Self {
            stream: Some(TokioIo::new(transport)),
            left_in,
            outbox,
            is_refused: false,
        }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TokioIo<Transport>>> {
        let stream = self.stream.as_mut().map(Pin::new);
        stream.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// The bytes to be written without hyper's own answer. `None` if there is nothing else.
    fn without_own_answer<'b>(&mut self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        match own_answer(bytes) {
            Some(0) => {
                self.is_refused = true;
                None
            }
            begin => Some(begin.and_then(|begin| bytes.get(..begin)).unwrap_or(bytes)),
        }
    }
}

impl Drop for DeliveryStream {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            self.left_in.leave(stream.into_inner());
        }
    }
}

impl Read for DeliveryStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(context, buffer)
    }
}

impl Write for DeliveryStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.without_own_answer(bytes) {
            Some(others) => self.stream()?.poll_write(context, others),
            None => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.stream()?.poll_flush(context))?;
        self.outbox.written();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_refused {
            return Poll::Ready(Ok(()));
        }
        self.stream()?.poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(Write::is_write_vectored)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // The answer's head has no body, so nothing follows it.
        let last = slices.iter().rfind(|slice| !slice.is_empty());
        if last.is_some_and(|last| own_answer(last).is_some()) {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self.poll_write(context, first.map_or(&[], |first| first));
        }
        self.stream()?.poll_write_vectored(context, slices)
    }
}
