//! How many calls hold a sandbox at once, and who waits for one.
//!
//! The pool behind the sandboxes fails at once when it is full. So nobody gets there without a slot. Connectors that
//! wait for slots take turns, and one never has more of them than its `concurrency`; calls of one connector get theirs
//! in the order in which they asked. The queue before the slots is bounded: when it is full, the connector that has most
//! in it loses its newest call.

mod gate;

#[cfg(test)]
mod tests;

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::time::Instant;

use super::error::{ConnectorError, Full};
use crate::account::HostAccount;
use crate::config::ConnectorName;
use crate::fair_queue::Ticket;
use crate::lock::Mutex;
use gate::Gate;

/// How often a call that waits for a slot asks others to make room.
const ROOM_EVERY: Duration = Duration::from_secs(1);

/// The bounds of admission.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionSettings {
    /// How many calls may run at once.
    pub slots: u32,
    /// How many more may wait for a slot.
    pub queue: u32,
    /// How long one waits at the most.
    pub queue_wait: Duration,
    /// How many slots one connector may hold, whatever its configuration says; more than 0.
    pub max_concurrency: u32,
}

impl AdmissionSettings {
    /// How many slots a connector may hold: as many as it is configured to, or a quarter of all.
    fn concurrency(&self, configured: Option<u32>) -> u32 {
        configured
            .unwrap_or(self.slots / 4)
            .clamp(1, self.slots.min(self.max_concurrency).max(1))
    }
}

/// Whose calls may be cancelled to make room for one that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evictable<'a> {
    /// Anybody's: the host is full.
    Any,
    /// This connector's: it has as many calls under way as it may.
    Of(&'a ConnectorName),
}

/// The slots of all connectors.
#[derive(Debug)]
pub(super) struct Admission(Arc<SlotPool>);

#[derive(Debug)]
struct SlotPool {
    settings: AdmissionSettings,
    memory: Arc<HostAccount>,
    gate: Mutex<Gate<oneshot::Sender<SlotResult>>>,
}

type SlotResult = Result<Slot, ConnectorError>;

/// The right to hold one sandbox, given back on drop.
#[derive(Debug)]
pub(crate) struct Slot {
    pool: Arc<SlotPool>,
    connector: ConnectorName,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.pool.gate().release(&self.connector);
        self.pool.admit();
    }
}

/// A place in the queue, left on drop.
struct QueuePlace {
    pool: Arc<SlotPool>,
    ticket: Ticket<ConnectorName>,
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        self.pool.gate().leave(&self.ticket);
    }
}

impl Admission {
    pub(super) fn new(settings: AdmissionSettings, memory: Arc<HostAccount>) -> Self {
        Self(Arc::new(SlotPool {
            settings,
            memory,
            gate: Mutex::new(Gate::new(settings.slots)),
        }))
    }

    /// Waits for a slot for a call of `connector`, which may hold `concurrency` of them. While there is none,
    /// `make_room` is called from time to time, and told whose calls would have to go.
    ///
    /// # Errors
    ///
    /// [`ConnectorError::Busy`] at once if the queue is full, and after `queue_wait` if no slot came free;
    /// [`ConnectorError::ShuttingDown`] once closed.
    pub(super) async fn slot(
        &self,
        connector: &ConnectorName,
        concurrency: Option<u32>,
        make_room: impl Fn(Evictable<'_>),
    ) -> SlotResult {
        let pool = &self.0;
        let concurrency = pool.settings.concurrency(concurrency);
        let (sender, mut admitted) = oneshot::channel();
        let ticket = pool.gate().ask(connector, concurrency, sender);
        let Some(ticket) = ticket else {
            return Err(ConnectorError::ShuttingDown);
        };
        let _place = QueuePlace {
            pool: pool.clone(),
            ticket,
        };
        pool.admit();
        pool.refuse_surplus(connector);
        match admitted.try_recv() {
            Ok(admitted) => return admitted,
            Err(TryRecvError::Empty) => tracing::debug!("waits for a sandbox"),
            Err(TryRecvError::Closed) => return Err(ConnectorError::ShuttingDown),
        }
        let deadline = Instant::now() + pool.settings.queue_wait;
        loop {
            let look_again = Instant::now() + ROOM_EVERY;
            match tokio::time::timeout_at(deadline.min(look_again), &mut admitted).await {
                Ok(Ok(admitted)) => return admitted,
                // The gate was closed, and those who waited at it forgotten.
                Ok(Err(_)) => return Err(ConnectorError::ShuttingDown),
                Err(_) if look_again < deadline => {
                    // Memory comes free also without a slot: by a load's trial.
                    pool.admit();
                    make_room(match pool.full(connector, concurrency) {
                        Full::Connector { .. } => Evictable::Of(connector),
                        Full::Slots { .. } | Full::Memory { .. } => Evictable::Any,
                    });
                }
                Err(_) => return Err(pool.busy(connector, concurrency)),
            }
        }
    }

    /// What is held for all calls.
    pub(super) fn memory(&self) -> &Arc<HostAccount> {
        &self.0.memory
    }

    /// Gives no more slots, also to those who wait already. Calls that hold one go on.
    pub(super) fn close(&self) {
        self.0.gate().close();
    }
}

impl SlotPool {
    fn gate(&self) -> MutexGuard<'_, Gate<oneshot::Sender<SlotResult>>> {
        self.gate.lock()
    }

    /// Gives slots to those whose turn it is, as long as there are any.
    fn admit(self: &Arc<Self>) {
        loop {
            let next = self.gate().next(|| self.memory.is_nearly_used_up());
            let Some((connector, sender)) = next else {
                return;
            };
            let slot = Slot {
                pool: self.clone(),
                connector,
            };
            // Whoever went away in the meantime drops the slot, which comes round again.
            let _ = sender.send(Ok(slot));
        }
    }

    /// Keeps the queue within its bound once a call of `newcomer` has come.
    fn refuse_surplus(&self, newcomer: &ConnectorName) {
        let surplus = self.gate().surplus(self.settings.queue, newcomer);
        if let Some((connector, concurrency, sender)) = surplus {
            // It may have gone away.
            let _ = sender.send(Err(self.busy(&connector, concurrency)));
        }
    }

    /// What a call of this connector waits for.
    fn full(&self, connector: &ConnectorName, concurrency: u32) -> Full {
        let gate = self.gate();
        if gate.running(connector) >= concurrency {
            Full::Connector { concurrency }
        } else if gate.has_free() && self.memory.is_nearly_used_up() {
            Full::Memory {
                limit_bytes: self.memory.limit_bytes(),
            }
        } else {
            Full::Slots {
                slots: self.settings.slots,
            }
        }
    }

    fn busy(&self, connector: &ConnectorName, concurrency: u32) -> ConnectorError {
        ConnectorError::Busy {
            full: self.full(connector, concurrency),
            retry_after: self.settings.queue_wait.max(Duration::from_secs(1)),
        }
    }
}
