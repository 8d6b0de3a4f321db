//! Decides which calls may compute: at most as many at a time as there are processors for them.
//!
//! A call has a permit only while it is polled. So a call that waits holds none, whether it waits for a pause, the WASI
//! clock or an API. A call that computes is interrupted by the epoch every few milliseconds, and queues behind waiting
//! calls. Connectors take turns, so that a thousand calls of one connector delay a call of another no more than one
//! would.

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, Waker, ready};

use crate::config::ConnectorName;
use crate::fair_queue::{FairQueue, Ticket};
use crate::lock::Mutex;
use crate::scope::CpuClock;

/// The permits to compute, for all calls.
#[derive(Debug)]
pub(super) struct Turns(Mutex<TurnState>);

#[derive(Debug)]
struct TurnState {
    free: u32,
    waiting: FairQueue<ConnectorName, Waker>,
    /// The numbers of calls whose turn has come, but which have not been polled yet. Each represents a permit.
    called: HashSet<u64>,
}

impl Turns {
    pub(super) fn new(permits: u32) -> Arc<Self> {
        Arc::new(Self(Mutex::new(TurnState {
            free: permits,
            waiting: FairQueue::default(),
            called: HashSet::new(),
        })))
    }

    /// A place for a call that will need permits; it isn't queued yet.
    pub(super) fn place(self: &Arc<Self>, connector: ConnectorName) -> TurnPlace {
        TurnPlace {
            turns: self.clone(),
            connector,
            ticket: None,
        }
    }

    fn state(&self) -> MutexGuard<'_, TurnState> {
        self.0.lock()
    }

    /// Gives a permit back, to the next call in the queue.
    fn give_back(&self) {
        let mut state = self.state();
        let Some((ticket, waker)) = state.waiting.pop(|_, _| true) else {
            state.free = state.free.saturating_add(1);
            return;
        };
        state.called.insert(ticket.number);
        drop(state);
        waker.wake();
    }
}

/// The right to compute, until it is dropped.
pub(super) struct Permit(Arc<Turns>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// One call's place among those that want to compute.
pub(super) struct TurnPlace {
    turns: Arc<Turns>,
    connector: ConnectorName,
    /// `Some` if the call waits, or if its turn has come and it has not been polled yet.
    ticket: Option<Ticket<ConnectorName>>,
}

impl TurnPlace {
    /// The permit, once it is this call's turn.
    pub(super) fn poll(&mut self, context: &Context<'_>) -> Poll<Permit> {
        let mut state = self.turns.state();
        let Some(ticket) = &self.ticket else {
            if state.free > 0 {
                state.free -= 1;
                drop(state);
                return Poll::Ready(Permit(self.turns.clone()));
            }
            let waker = context.waker().clone();
            self.ticket = Some(state.waiting.push(self.connector.clone(), waker));
            return Poll::Pending;
        };
        if state.called.remove(&ticket.number) {
            drop(state);
            self.ticket = None;
            return Poll::Ready(Permit(self.turns.clone()));
        }
        if let Some(waker) = state.waiting.get_mut(ticket) {
            waker.clone_from(context.waker());
        }
        Poll::Pending
    }

    /// Queues for the next turn while the current permit is still held. If the call queued after giving the permit
    /// back, it would be behind a second call of a connector that has many.
    fn queue_up(&mut self, context: &Context<'_>) {
        let waker = context.waker().clone();
        let connector = self.connector.clone();
        self.ticket = Some(self.turns.state().waiting.push(connector, waker));
    }
}

impl Drop for TurnPlace {
    /// A canceled call leaves the queue, and passes on a permit that it has not used.
    fn drop(&mut self) {
        let Some(ticket) = &self.ticket else {
            return;
        };
        let mut state = self.turns.state();
        let was_called = state.called.remove(&ticket.number);
        state.waiting.remove(ticket);
        drop(state);
        if was_called {
            self.turns.give_back();
        }
    }
}

/// A call that is polled only in its turn, and whose polls are counted on its [`CpuClock`].
///
/// It may be woken while it waits for its turn. The wake-up is not lost, since the call is polled when its turn comes.
pub(super) struct TurnTaker<F> {
    place: TurnPlace,
    clock: Arc<CpuClock>,
    call: Pin<Box<F>>,
}

impl<F: Future> TurnTaker<F> {
    pub(super) fn new(
        turns: &Arc<Turns>,
        connector: ConnectorName,
        clock: Arc<CpuClock>,
        call: F,
    ) -> Self {
        Self {
            place: turns.place(connector),
            clock,
            call: Box::pin(call),
        }
    }
}

impl<F: Future> Future for TurnTaker<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { place, clock, call } = &mut *self;
        // Given back at the end of every poll, even if the poll panics.
        let _permit = ready!(place.poll(context));
        let polled = clock.counting(|| call.as_mut().poll(context));
        if clock.take_interruption() && polled.is_pending() {
            place.queue_up(context);
        }
        polled
    }
}

#[cfg(test)]
mod tests;
