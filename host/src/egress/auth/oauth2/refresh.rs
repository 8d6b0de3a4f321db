//! The refresh token of a credential: the one of its configuration, then whatever the token endpoint gave in its place.

use std::sync::{Mutex, PoisonError};

use crate::config::{Grant, Secret};

/// Where the refresh token is had and kept: in memory, so that a start begins with the configured one.
pub(super) struct RefreshToken(Mutex<Option<Secret>>);

impl RefreshToken {
    /// That of a grant; none where it has none.
    pub(super) fn of(grant: &Grant) -> Self {
        Self(Mutex::new(match grant {
            Grant::RefreshToken(token) => token.clone(),
            Grant::ClientCredentials | Grant::Password { .. } | Grant::JwtBearer(_) => None,
        }))
    }

    /// The one to send.
    pub(super) fn current(&self) -> Option<Secret> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The endpoint gave another one: the one before may hold no longer.
    pub(super) fn rotated(&self, new: Secret) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(new);
    }
}
