//! The pieces of one answer on their way to the client.
//!
//! `h2` owns a piece from when it is handed over, and says nothing more about it. But it takes the bytes out of the piece
//! as it writes them, and drops the piece if its stream or connection ends before. So the piece itself knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::delivery::Outbox;
use super::super::stall::LOOKS;
use crate::lock::Mutex;
use crate::pages::Receipt;

/// The largest piece, and how much may be on its way when the next one is handed over.
pub(super) const AHEAD_BYTES: usize = 64 << 10;

/// The progress of one answer.
#[derive(Debug)]
pub(super) struct AnswerFlight {
    progress: Mutex<FlightProgress>,
    /// Notified when nothing is on its way.
    landed: Notify,
    /// The answer has begun.
    is_answered: AtomicBool,
    /// Where receipts wait for the connection's next flush.
    outbox: Outbox,
}

#[derive(Debug)]
struct FlightProgress {
    /// The bytes that have been handed over, but not written.
    bytes: usize,
    /// When bytes were last handed over or written.
    moved: Instant,
    /// The body that waits until no more than so many bytes are on their way.
    waiting: Option<(usize, Waker)>,
}

impl AnswerFlight {
    /// No piece is on its way yet. Receipts of the last piece go into the outbox of the connection.
    pub(super) fn new(outbox: Outbox) -> Arc<Self> {
        Arc::new(Self {
            progress: Mutex::new(FlightProgress {
                bytes: 0,
                moved: Instant::now(),
                waiting: None,
            }),
            landed: Notify::new(),
            is_answered: AtomicBool::new(false),
            outbox,
        })
    }

    /// The answer begins.
    pub(super) fn begin(&self) {
        self.is_answered.store(true, Ordering::Relaxed);
    }

    /// Whether the answer has begun.
    pub(super) fn is_answered(&self) -> bool {
        self.is_answered.load(Ordering::Relaxed)
    }

    /// Whether no more than `most` bytes are on their way. If not, the task is woken once that is so.
    pub(super) fn has_room(&self, most: usize, context: &Context<'_>) -> bool {
        let mut progress = self.progress.lock();
        let has_room = progress.bytes <= most;
        progress.waiting = (!has_room).then(|| (most, context.waker().clone()));
        has_room
    }

    /// A piece that is handed over now; the last one with the receipts of the answer.
    pub(super) fn piece(self: &Arc<Self>, bytes: Bytes, receipts: Vec<Receipt>) -> AnswerPiece {
        let mut progress = self.progress.lock();
        if progress.bytes == 0 {
            progress.moved = Instant::now();
        }
        progress.bytes = progress.bytes.saturating_add(bytes.len());
        drop(progress);
        AnswerPiece {
            bytes,
            receipts,
            flight: self.clone(),
        }
    }

    /// Waits until nothing is on its way.
    pub(super) async fn landed(&self) {
        while self.progress.lock().bytes > 0 {
            self.landed.notified().await;
        }
    }

    /// Waits until something has been on its way for this long without moving.
    pub(super) async fn stalled(&self, limit: Duration) {
        loop {
            tokio::time::sleep(limit / LOOKS).await;
            let progress = self.progress.lock();
            if progress.bytes > 0 && progress.moved.elapsed() >= limit {
                return;
            }
        }
    }

    /// So many bytes are no longer on their way.
    fn moved(&self, bytes: usize) {
        let mut progress = self.progress.lock();
        progress.bytes = progress.bytes.saturating_sub(bytes);
        progress.moved = Instant::now();
        let left = progress.bytes;
        let woken = progress.waiting.take_if(|(most, _)| left <= *most);
        drop(progress);
        if let Some((_, waker)) = woken {
            waker.wake();
        }
        if left == 0 {
            self.landed.notify_one();
        }
    }
}

/// A part of an answer's body. `h2` takes its bytes as it writes them.
#[derive(Debug)]
pub(super) struct AnswerPiece {
    bytes: Bytes,
    /// The receipts of an answer whose last piece this is.
    receipts: Vec<Receipt>,
    flight: Arc<AnswerFlight>,
}

impl Buf for AnswerPiece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, bytes: usize) {
        self.bytes.advance(bytes);
        if !self.bytes.has_remaining() && !self.receipts.is_empty() {
            self.flight.outbox.add(std::mem::take(&mut self.receipts));
        }
        self.flight.moved(bytes);
    }
}

impl Drop for AnswerPiece {
    /// What has not been taken never will be.
    fn drop(&mut self) {
        if self.bytes.has_remaining() {
            self.flight.moved(self.bytes.remaining());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    fn flight() -> Arc<AnswerFlight> {
        AnswerFlight::new(Outbox::default())
    }

    #[tokio::test]
    async fn a_body_waits_until_there_is_room() {
        let flight = flight();
        let mut piece = flight.piece(Bytes::from_static(b"12345678"), Vec::new());
        let waiting = tokio::spawn({
            let flight = flight.clone();
            std::future::poll_fn(move |context| {
                if flight.has_room(3, context) {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
        });
        tokio::task::yield_now().await;
        piece.advance(4);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        piece.advance(1);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn an_answer_has_landed_when_all_is_taken_or_dropped() {
        let flight = flight();
        let mut first = flight.piece(Bytes::from_static(b"1234"), Vec::new());
        let second = flight.piece(Bytes::from_static(b"5678"), Vec::new());
        let landed = tokio::spawn({
            let flight = flight.clone();
            async move { flight.landed().await }
        });
        first.advance(4);
        drop(first);
        tokio::task::yield_now().await;
        assert!(!landed.is_finished());
        drop(second);
        landed.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_stalls_if_nothing_of_it_is_taken_for_too_long() {
        let (flight, limit) = (flight(), Duration::from_secs(8));
        let began = Instant::now();
        // Nothing is on its way.
        let idle = tokio::time::timeout(limit * 10, flight.stalled(limit)).await;
        assert!(idle.is_err());
        let mut piece = flight.piece(Bytes::from_static(b"12345678"), Vec::new());
        for _ in 0..4 {
            let slow = tokio::time::timeout(limit - Duration::from_secs(1), flight.stalled(limit));
            assert!(slow.await.is_err());
            piece.advance(1);
        }
        let began = (Instant::now(), began).0;
        flight.stalled(limit).await;
        assert!(began.elapsed() >= limit);
    }
}
