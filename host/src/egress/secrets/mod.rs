//! What a connector must not show: the values of its secrets.
//!
//! Here belong the values, the forms that they take on their way through other software, and the search for those.
//! Where a secret comes from and what it is good for does not.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The secrets of one connector: one set, shared by all its versions and calls. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<Vec<Secret>>>);

struct Secret {
    value: String,
    name: String,
}

/// How many values of one name are kept: a call that is under way may still meet the one before the newest.
const VALUES_OF_A_NAME: usize = 4;

impl Secrets {
    /// From now on `value` is shown to nobody, the guest included, but replaced by `name`. Of the values that a name
    /// had, the newest four are kept.
    pub(crate) fn add(&self, value: &str, name: &str) {
        let mut secrets = self.lock();
        if secrets.iter().any(|secret| secret.value == value) {
            return;
        }
        let of_the_name = secrets.iter().filter(|secret| secret.name == name).count();
        if of_the_name >= VALUES_OF_A_NAME
            && let Some(oldest) = secrets.iter().position(|secret| secret.name == name)
        {
            secrets.remove(oldest);
        }
        secrets.push(Secret {
            value: value.to_owned(),
            name: name.to_owned(),
        });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names only.
impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_set()
            .entries(self.lock().iter().map(|secret| &secret.name))
            .finish()
    }
}
