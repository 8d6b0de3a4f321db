//! When an answer has been written to its connection as a whole.
//!
//! A page is kept until then, so that a client whose connection breaks in the middle gets it when it asks again. That
//! a body has been handed to hyper says nothing of that: hundreds of kilobytes may stand in its buffers. hyper flushes
//! the socket once they are empty, and what was handed over before is written by then.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, ready};

use super::own_answer::own_answer;
use super::socket::Socket;
use crate::lock::Mutex;
use crate::pages::Receipt;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;

/// The receipts of one connection's answers that hyper has, but has perhaps not written.
#[derive(Debug, Clone, Default)]
pub(super) struct Outbox(Arc<Mutex<Vec<Receipt>>>);

impl Outbox {
    /// The last piece of an answer is about to be handed to hyper, and so none of it is written yet.
    pub(super) fn put(&self, mut receipt: Receipt) {
        receipt.delivering();
        self.receipts().push(receipt);
    }

    fn written(&self) {
        for receipt in std::mem::take(&mut *self.receipts()) {
            receipt.delivered();
        }
    }

    fn receipts(&self) -> MutexGuard<'_, Vec<Receipt>> {
        self.0.lock()
    }
}

/// A connection that hands its receipts back, and keeps back what hyper answers by itself.
pub(super) struct DeliveryStream {
    stream: TokioIo<Socket>,
    outbox: Outbox,
    /// Somebody else writes the last answer.
    is_refused: bool,
}

impl DeliveryStream {
    pub(super) fn new(stream: Socket, outbox: Outbox) -> Self {
        Self {
            stream: TokioIo::new(stream),
            outbox,
            is_refused: false,
        }
    }

    /// As much of what is to be written as is not hyper's own answer. `None` if it is nothing else.
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

impl Read for DeliveryStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for DeliveryStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.without_own_answer(bytes) {
            Some(others) => Pin::new(&mut self.stream).poll_write(context, others),
            None => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.outbox.written();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_refused {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // Its head has no body, and so nothing comes behind it.
        let last = slices.iter().rfind(|slice| !slice.is_empty());
        if last.is_some_and(|last| own_answer(last).is_some()) {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self.poll_write(context, first.map_or(&[], |first| first));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }
}
