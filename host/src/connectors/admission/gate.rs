//! The state of admission: free slots, their holders, and waiting calls. Plain rules; nothing waits here.

use std::collections::HashMap;

use crate::config::ConnectorName;
use crate::fair_queue::{FairQueue, Ticket};

/// Slots and the calls waiting for them, each with a `W` that receives its result.
#[derive(Debug)]
pub(super) struct Gate<W> {
    slots: u32,
    free: u32,
    running: HashMap<ConnectorName, u32>,
    waiting: FairQueue<ConnectorName, QueuedCall<W>>,
    closed: bool,
}

#[derive(Debug)]
struct QueuedCall<W> {
    /// How many slots its connector may hold.
    concurrency: u32,
    reply: W,
}

impl<W> Gate<W> {
    pub(super) fn new(slots: u32) -> Self {
        Self {
            slots,
            free: slots,
            running: HashMap::new(),
            waiting: FairQueue::default(),
            closed: false,
        }
    }

    /// Adds a call to the queue. `None` once the gate is closed.
    pub(super) fn ask(
        &mut self,
        connector: &ConnectorName,
        concurrency: u32,
        reply: W,
    ) -> Option<Ticket<ConnectorName>> {
        if self.closed {
            return None;
        }
        let call = QueuedCall { concurrency, reply };
        Some(self.waiting.push(connector.clone(), call))
    }

    pub(super) fn leave(&mut self, ticket: &Ticket<ConnectorName>) {
        self.waiting.remove(ticket);
    }

    /// Takes a slot for the next call. While memory is short, a call gets one only if no other call is running;
    /// otherwise no call could ever run.
    pub(super) fn next(
        &mut self,
        memory_is_short: impl Fn() -> bool,
    ) -> Option<(ConnectorName, W)> {
        if self.free == 0 || (self.in_use() > 0 && memory_is_short()) {
            return None;
        }
        let running = &self.running;
        let (ticket, next) = self.waiting.pop(|connector, first| {
            running.get(connector).copied().unwrap_or(0) < first.concurrency
        })?;
        self.free -= 1;
        *self.running.entry(ticket.key.clone()).or_default() += 1;
        Some((ticket.key, next.reply))
    }

    /// The call to refuse if more than `most` are waiting, with its connector's concurrency: the newest call of the
    /// connector with the most waiting calls, or of `newcomer` if no other connector has more.
    pub(super) fn surplus(
        &mut self,
        most: u32,
        newcomer: &ConnectorName,
    ) -> Option<(ConnectorName, u32, W)> {
        if self.waiting.len() <= most as usize {
            return None;
        }
        let longest = self
            .waiting
            .longer_than(newcomer)
            .unwrap_or(newcomer)
            .clone();
        let refused = self.waiting.pop_newest(&longest)?;
        Some((longest, refused.concurrency, refused.reply))
    }

    pub(super) fn release(&mut self, connector: &ConnectorName) {
        self.free = self.slots.min(self.free + 1);
        if let Some(running) = self.running.get_mut(connector) {
            *running = running.saturating_sub(1);
            if *running == 0 {
                self.running.remove(connector);
            }
        }
    }

    pub(super) fn running(&self, connector: &ConnectorName) -> u32 {
        self.running.get(connector).copied().unwrap_or(0)
    }

    /// The slots of each connector that holds any.
    pub(super) fn by_connector(&self) -> &HashMap<ConnectorName, u32> {
        &self.running
    }

    pub(super) fn in_use(&self) -> u32 {
        self.slots - self.free
    }

    /// How many calls wait for a slot.
    pub(super) fn queued(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn has_free(&self) -> bool {
        self.free > 0
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
        self.waiting.clear();
    }
}
