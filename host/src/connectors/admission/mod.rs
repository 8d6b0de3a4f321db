//! Limits how many calls hold a sandbox at once, and queues the others.
//!
//! The pool of sandboxes fails at once when it is full, so no call gets there without a slot. Connectors that wait
//! for slots take turns, and none has more slots than its `concurrency`. Calls of one connector get slots in the
//! order in which they asked. The queue has a bound: when it is full, the connector with the most queued calls has
//! its newest one refused.

mod gate;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::time::Instant;

use super::error::{ConnectorError, Full};
use crate::account::HostAccount;
use crate::config::ConnectorName;
use crate::fair_queue::Ticket;
use crate::lock::{Mutex, RwLock};
use gate::Gate;

/// How often a call that waits for a slot asks others to make room.
const ROOM_EVERY: Duration = Duration::from_secs(1);

/// The limits of admission.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionSettings {
    /// How many calls may run at once.
    pub slots: u32,
    /// How many more calls may wait for a slot.
    pub queue: u32,
    /// How long a call waits at most.
    pub queue_wait: Duration,
    /// The upper bound of slots for one connector, regardless of its configuration; more than 0.
    pub max_concurrency: u32,
}

impl AdmissionSettings {
    /// How many slots a connector may hold: as configured, or a quarter of all.
    fn concurrency(&self, configured: Option<u32>) -> u32 {
        configured
            .unwrap_or(self.slots / 4)
            .clamp(1, self.slots.min(self.max_concurrency).max(1))
    }
}

/// The calls that may be canceled to make room for a waiting one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evictable<'a> {
    /// Any call: the host is full.
    Any,
    /// Calls of this connector: it has as many running calls as it may.
    Of(&'a ConnectorName),
}

/// The slots and the queue at one moment.
#[derive(Debug)]
pub(super) struct AdmissionUsage {
    /// How many calls may run at once.
    pub(super) slots: u32,
    pub(super) in_use: u32,
    pub(super) queued: usize,
    /// How many calls may wait for a slot.
    pub(super) queue_limit: u32,
    /// The slots of each connector that holds any.
    pub(super) running: HashMap<ConnectorName, u32>,
}

/// The slots of all connectors.
#[derive(Debug)]
pub(super) struct Admission(Arc<SlotPool>);

#[derive(Debug)]
struct SlotPool {
    settings: RwLock<AdmissionSettings>,
    memory: Arc<HostAccount>,
    gate: Mutex<Gate<oneshot::Sender<SlotResult>>>,
}

type SlotResult = Result<Slot, ConnectorError>;

/// Permission to use one sandbox. Dropping it returns the slot.
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

/// A place in the queue. Dropping it leaves the queue.
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
            settings: RwLock::new(settings),
            memory,
            gate: Mutex::new(Gate::new(settings.slots)),
        }))
    }

    /// Waits for a slot for a call of `connector`, which may hold `concurrency` of them. While there is none,
    /// `make_room` is called at intervals with the calls that may be canceled.
    ///
    /// # Errors
    /// [`ConnectorError::Busy`] at once if the queue is full, or after `queue_wait` if no slot became free;
    /// [`ConnectorError::ShuttingDown`] once closed.
    pub(super) async fn slot(
        &self,
        connector: &ConnectorName,
        concurrency: Option<u32>,
        make_room: impl Fn(Evictable<'_>),
    ) -> SlotResult {
        let pool = &self.0;
        let concurrency = pool.settings().concurrency(concurrency);
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
        let deadline = Instant::now() + pool.settings().queue_wait;
        loop {
            let look_again = Instant::now() + ROOM_EVERY;
            match tokio::time::timeout_at(deadline.min(look_again), &mut admitted).await {
                Ok(Ok(admitted)) => return admitted,
                // The gate was closed and has dropped its waiting calls.
                Ok(Err(_)) => return Err(ConnectorError::ShuttingDown),
                Err(_) if look_again < deadline => {
                    // Memory also becomes free without a slot, for example after a load's trial.
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

    /// How much of it is used now.
    pub(super) fn usage(&self) -> AdmissionUsage {
        let settings = self.0.settings();
        let gate = self.0.gate();
        AdmissionUsage {
            slots: settings.slots,
            in_use: gate.in_use(),
            queued: gate.queued(),
            queue_limit: settings.queue,
            running: gate.by_connector().clone(),
        }
    }

    /// The memory account of all calls.
    pub(super) fn memory(&self) -> &Arc<HostAccount> {
        &self.0.memory
    }

    /// Changes the queue from now on. Calls that wait already keep their time.
    pub(super) fn set_queue(&self, queue: u32, queue_wait: Duration) {
        let mut settings = self.0.settings.write();
        settings.queue = queue;
        settings.queue_wait = queue_wait;
    }

    /// Grants no more slots, not even to calls that are already waiting. Calls that hold one continue.
    pub(super) fn close(&self) {
        self.0.gate().close();
    }
}

impl SlotPool {
    fn settings(&self) -> AdmissionSettings {
        *self.settings.read()
    }

    fn gate(&self) -> MutexGuard<'_, Gate<oneshot::Sender<SlotResult>>> {
        self.gate.lock()
    }

    /// Grants slots to the calls whose turn it is, as long as there are slots.
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
            // If the receiver is gone, the slot is dropped and thereby returned.
            let _ = sender.send(Ok(slot));
        }
    }

    /// Keeps the queue within its bound after a call of `newcomer` has joined it.
    fn refuse_surplus(&self, newcomer: &ConnectorName) {
        let surplus = self.gate().surplus(self.settings().queue, newcomer);
        if let Some((connector, concurrency, sender)) = surplus {
            // The receiver may be gone.
            let _ = sender.send(Err(self.busy(&connector, concurrency)));
        }
    }

    /// Why a call of this connector has to wait.
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
                slots: self.settings().slots,
            }
        }
    }

    fn busy(&self, connector: &ConnectorName, concurrency: u32) -> ConnectorError {
        ConnectorError::Busy {
            full: self.full(connector, concurrency),
            retry_after: self.settings().queue_wait.max(Duration::from_secs(1)),
        }
    }
}
