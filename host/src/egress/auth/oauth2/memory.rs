//! What is known of a refresh token in memory.

use std::sync::MutexGuard;

use tokio::time::Instant;

use crate::config::Secret;
use crate::lock::Mutex;
use crate::tokens::TokenRecord;

/// The refresh token of one credential: that of its configuration, then whatever the endpoint gave in its place. Requests
/// for one credential come one after the other, so that nobody else changes it meanwhile.
pub(super) struct RefreshMemory(Mutex<Memory>);

/// What is remembered.
#[derive(Default)]
pub(super) struct Memory {
    /// The one to send if none is kept on disk.
    pub(super) current: Option<Secret>,
    /// What could not be written yet.
    pub(super) unsaved: Option<UnsavedRecord>,
    /// The last access token. It is renewed because it is over, or was refused.
    pub(super) last_access: Option<Secret>,
    /// Whether it was said that tokens are lost at the end.
    pub(super) is_warned: bool,
    /// When it was last said that the refresh token ends soon.
    pub(super) end_warned: Option<Instant>,
}

/// A record that could not be written.
pub(super) struct UnsavedRecord {
    pub(super) record: TokenRecord,
    /// The refresh token that it was obtained with: what is on disk, unless somebody has written since.
    pub(super) replaced: Secret,
}

impl RefreshMemory {
    /// `configured` is the one to begin with.
    pub(super) fn new(configured: Option<Secret>) -> Self {
        Self(Mutex::new(Memory {
            current: configured,
            ..Memory::default()
        }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock()
    }
}
