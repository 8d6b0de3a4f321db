//! The memory for components that are being loaded: their bytes, until the compiler has them or isn't needed.
//!
//! It has its own limit and is not part of `--total-memory`, since a component must load even if calls have less
//! memory than the component has bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::lock::Mutex;

/// Components of at most the largest size divided by this are small: that much extra memory is reserved for them, so
/// that they don't wait for a large one.
const SMALL_PART: u64 = 8;

/// Limits how many bytes of components are held at once: the size of the largest one, plus some for small ones.
pub(super) struct ComponentMemory {
    largest_bytes: u64,
    used_bytes: Mutex<u64>,
    given_back: Notify,
}

impl ComponentMemory {
    /// Memory for components of at most `largest_bytes` each.
    pub(super) fn new(largest_bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            largest_bytes,
            used_bytes: Mutex::default(),
            given_back: Notify::new(),
        })
    }

    /// Waits until there is memory for a component of this size. A waiting component does not keep others from taking
    /// what is free.
    pub(super) async fn share(self: &Arc<Self>, bytes: u64) -> Arc<ComponentShare> {
        let bytes = bytes.min(self.largest_bytes);
        loop {
            let mut given_back = std::pin::pin!(self.given_back.notified());
            // From here on no return of memory is missed.
            given_back.as_mut().enable();
            if self.try_take(bytes) {
                return Arc::new(ComponentShare {
                    memory: self.clone(),
                    bytes: bytes.into(),
                });
            }
            given_back.await;
        }
    }

    fn try_take(&self, bytes: u64) -> bool {
        let small_bytes = self.largest_bytes / SMALL_PART;
        let more_bytes = if bytes <= small_bytes { small_bytes } else { 0 };
        let mut used = self.used_bytes.lock();
        let taken = used.saturating_add(bytes);
        let may = taken <= self.largest_bytes.saturating_add(more_bytes);
        if may {
            *used = taken;
        }
        may
    }
}

/// Memory for one component. Dropping it returns the memory.
pub(super) struct ComponentShare {
    memory: Arc<ComponentMemory>,
    bytes: AtomicU64,
}

impl ComponentShare {
    /// Returns the memory early.
    pub(super) fn give_back(&self) {
        let bytes = self.bytes.swap(0, Ordering::Relaxed);
        *self.memory.used_bytes.lock() -= bytes;
        self.memory.given_back.notify_waiters();
    }

    /// Attaches the share to the component, until its last clone is dropped.
    pub(super) fn held(self: Arc<Self>, component: Vec<u8>) -> Bytes {
        Bytes::from_owner(HeldComponent {
            component,
            _share: self,
        })
    }
}

impl Drop for ComponentShare {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// A component with its share of the memory.
struct HeldComponent {
    component: Vec<u8>,
    _share: Arc<ComponentShare>,
}

impl AsRef<[u8]> for HeldComponent {
    fn as_ref(&self) -> &[u8] {
        &self.component
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// The result, if it is available at once.
    fn now<T>(waiting: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        match waiting.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    fn share(memory: &Arc<ComponentMemory>, bytes: u64) -> Option<Arc<ComponentShare>> {
        now(pin!(memory.share(bytes)))
    }

    #[test]
    fn components_wait_until_the_bytes_of_others_are_gone() {
        let memory = ComponentMemory::new(800);
        let held = share(&memory, 500).unwrap();
        let mut large = pin!(memory.share(800));
        assert!(now(large.as_mut()).is_none());
        assert!(share(&memory, 301).is_none());
        assert!(
            share(&memory, 300).is_some(),
            "a waiting load does not delay others"
        );
        let component = held.held(vec![0; 500]);
        let slice = component.slice(..1);
        drop(component);
        assert!(now(large.as_mut()).is_none());
        drop(slice);
        assert!(now(large).is_some());
    }

    #[test]
    fn small_component_does_not_wait_for_a_large_one() {
        let memory = ComponentMemory::new(800);
        let _largest = share(&memory, u64::MAX).unwrap();
        assert!(share(&memory, 101).is_none());
        let _small = share(&memory, 100).unwrap();
        assert!(share(&memory, 1).is_none());
    }

    #[test]
    fn share_returned_early_is_returned_once() {
        let memory = ComponentMemory::new(800);
        let early = share(&memory, 800).unwrap();
        early.give_back();
        let _other = share(&memory, 800).unwrap();
        drop(early);
        assert!(share(&memory, 800).is_none());
    }
}
