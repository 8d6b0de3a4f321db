//! How many calls hold a sandbox at once, and who waits for one.
//!
//! The pool behind the sandboxes fails at once when it is full. So nobody gets there without a slot, and slots are
//! given in the order in which they were asked for.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::Instant;

use super::error::ConnectorError;

/// How often who waits for a slot asks others to make room.
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
}

/// The slots of all connectors.
#[derive(Debug)]
pub(super) struct Admission {
    settings: AdmissionSettings,
    slots: Arc<Semaphore>,
    /// A place for each call that runs or waits.
    places: Arc<Semaphore>,
}

/// The right to hold one sandbox, given back on drop.
#[derive(Debug)]
pub(crate) struct Slot {
    _slot: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Admission {
    pub(super) fn new(settings: AdmissionSettings) -> Self {
        let places = settings.slots.saturating_add(settings.queue);
        Self {
            settings,
            slots: Arc::new(Semaphore::new(settings.slots as usize)),
            places: Arc::new(Semaphore::new(places as usize)),
        }
    }

    /// Waits for a slot. While there is none, `make_room` is called from time to time.
    ///
    /// # Errors
    ///
    /// [`ConnectorError::Busy`] at once where the queue is full, and after `queue_wait` where no slot came free;
    /// [`ConnectorError::ShuttingDown`] once closed.
    pub(super) async fn slot(&self, make_room: impl Fn()) -> Result<Slot, ConnectorError> {
        let busy = || ConnectorError::Busy {
            slots: self.settings.slots,
            retry_after: self.settings.queue_wait.max(Duration::from_secs(1)),
        };
        let place = self
            .places
            .clone()
            .try_acquire_owned()
            .map_err(|error| match error {
                TryAcquireError::NoPermits => busy(),
                TryAcquireError::Closed => ConnectorError::ShuttingDown,
            })?;
        if self.slots.available_permits() == 0 {
            tracing::debug!("waits for a sandbox");
        }
        let mut waiting = pin!(self.slots.clone().acquire_owned());
        let deadline = Instant::now() + self.settings.queue_wait;
        loop {
            let look_again = Instant::now() + ROOM_EVERY;
            match tokio::time::timeout_at(deadline.min(look_again), waiting.as_mut()).await {
                Ok(Ok(slot)) => {
                    return Ok(Slot {
                        _slot: slot,
                        _place: place,
                    });
                }
                Ok(Err(_)) => return Err(ConnectorError::ShuttingDown),
                Err(_) if look_again < deadline => make_room(),
                Err(_) => return Err(busy()),
            }
        }
    }

    /// Gives no more slots, also to those who wait already. Calls that hold one go on.
    pub(super) fn close(&self) {
        self.places.close();
        self.slots.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(slots: u32, queue: u32, queue_wait: Duration) -> Admission {
        Admission::new(AdmissionSettings {
            slots,
            queue,
            queue_wait,
        })
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let admission = admission(1, 0, Duration::from_secs(3600));
        let slot = admission.slot(|| ()).await.unwrap();
        assert!(matches!(
            admission.slot(|| ()).await,
            Err(ConnectorError::Busy { slots: 1, .. })
        ));
        drop(slot);
        assert!(admission.slot(|| ()).await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_too_long_is_refused_and_leaves_the_queue() {
        let admission = admission(1, 1, Duration::ZERO);
        let slot = admission.slot(|| ()).await.unwrap();
        for _ in 0..3 {
            assert!(admission.slot(|| ()).await.is_err());
        }
        drop(slot);
        assert!(
            admission.slot(|| ()).await.is_ok(),
            "the places of those who left came free again"
        );
    }

    #[tokio::test]
    async fn who_waits_when_it_closes_is_told_so() {
        let admission = admission(1, 1, Duration::from_secs(3600));
        let _slot = admission.slot(|| ()).await.unwrap();
        let (waiting, ()) = tokio::join!(admission.slot(|| ()), async { admission.close() });
        assert!(matches!(waiting, Err(ConnectorError::ShuttingDown)));
        assert!(matches!(
            admission.slot(|| ()).await,
            Err(ConnectorError::ShuttingDown)
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_long_asks_others_to_make_room() {
        let admission = admission(1, 1, Duration::from_secs(10));
        let slot = std::cell::RefCell::new(admission.slot(|| ()).await.ok());
        let asked = std::cell::Cell::new(0);
        let waiting = admission.slot(|| {
            asked.set(asked.get() + 1);
            if asked.get() == 3 {
                slot.take();
            }
        });
        assert!(waiting.await.is_ok());
        assert_eq!(asked.get(), 3);
        let _taken = admission.slot(|| ()).await;
    }

    #[tokio::test]
    async fn who_waits_gets_the_slot_that_comes_free() {
        let admission = admission(1, 1, Duration::from_secs(3600));
        let slot = admission.slot(|| ()).await.unwrap();
        let (waiting, ()) = tokio::join!(admission.slot(|| ()), async { drop(slot) });
        assert!(waiting.is_ok());
    }
}
