//! A gate that holds threads until a test opens it.

use crate::PATIENCE;
use std::sync::{Arc, Condvar, Mutex};

/// A gate that is closed at first and stays open once it was opened. Clones are the same gate.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// A closed gate.
    pub fn shut() -> Self {
        Self::default()
    }

    /// Opens the gate for all current and future waiters.
    pub fn open(&self) {
        let (open, changed) = &*self.0;
        *open.lock().unwrap() = true;
        changed.notify_all();
    }

    /// Waits until the gate is open.
    ///
    /// # Panics
    /// If nobody opens it within [`PATIENCE`]. `what` describes what was waited for.
    pub fn pass(&self, what: &str) {
        let (open, changed) = &*self.0;
        let (open, _) = changed
            .wait_timeout_while(open.lock().unwrap(), PATIENCE, |open| !*open)
            .unwrap();
        assert!(*open, "waited in vain for: {what}");
    }
}
