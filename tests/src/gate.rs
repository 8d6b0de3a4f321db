//! A gate that holds threads until a test opens it.

use crate::PATIENCE;
use std::sync::{Arc, Condvar, Mutex};

/// Shut at first; once opened it stays open. Clones are the same gate.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// A gate that is shut.
    pub fn shut() -> Self {
        Self::default()
    }

    /// Lets pass who waits, and who comes later.
    pub fn open(&self) {
        let (open, changed) = &*self.0;
        *open.lock().unwrap() = true;
        changed.notify_all();
    }

    /// Waits until the gate is open.
    ///
    /// # Panics
    /// Where nobody opens it within [`PATIENCE`]; `what` says what was waited for.
    pub fn pass(&self, what: &str) {
        let (open, changed) = &*self.0;
        let (open, _) = changed
            .wait_timeout_while(open.lock().unwrap(), PATIENCE, |open| !*open)
            .unwrap();
        assert!(*open, "waited in vain for: {what}");
    }
}
