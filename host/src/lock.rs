//! Locks that ignore poison.
//!
//! The standard library's locks are poisoned when a thread panics while it holds one, and every later attempt to take
//! the lock fails. Here a panic ends one request or one call and is reported as such; it must not fail the others as
//! well. So code that can panic must never leave the guarded value half-changed.
//!
//! A leaf: it may use no other room.

use std::sync::{self, MutexGuard, PoisonError, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

/// A [`std::sync::Mutex`] that ignores poison.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    /// Blocks the thread until it has the lock.
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A [`std::sync::Condvar`] that ignores poison.
#[derive(Debug, Default)]
pub(crate) struct Condvar(sync::Condvar);

impl Condvar {
    /// Releases the lock until another thread notifies this one, or spuriously.
    pub(crate) fn wait<'l, T>(&self, guard: MutexGuard<'l, T>) -> MutexGuard<'l, T> {
        self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// Like [`wait`](Self::wait), but for at most `time`.
    pub(crate) fn wait_timeout<'l, T>(
        &self,
        guard: MutexGuard<'l, T>,
        time: Duration,
    ) -> MutexGuard<'l, T> {
        let waited = self.0.wait_timeout(guard, time);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Wakes all waiting threads.
    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// A [`std::sync::RwLock`] that ignores poison.
#[derive(Debug, Default)]
pub(crate) struct RwLock<T>(sync::RwLock<T>);

impl<T> RwLock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(sync::RwLock::new(value))
    }

    /// Blocks the thread until nobody writes.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blocks the thread until it has the lock alone.
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_usable_after_a_panic_under_them() {
        let (mutex, shared) = (Mutex::new(1), RwLock::new(1));
        std::thread::scope(|scope| {
            let panicked = scope.spawn(|| {
                let _guards = (mutex.lock(), shared.write());
                panic!("while both are held");
            });
            assert!(panicked.join().is_err());
        });
        assert_eq!(*mutex.lock(), 1);
        assert_eq!(*shared.read(), 1);
        *shared.write() += 1;
        assert_eq!(*shared.read(), 2);
    }
}
