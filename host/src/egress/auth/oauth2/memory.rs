//! What is known of a refresh token in memory.

use std::sync::{Arc, MutexGuard};

use tokio::time::Instant;

use crate::config::Secret;
use crate::lock::Mutex;
use crate::tokens::TokenRecord;

/// The refresh token of one credential: that of its configuration, then whatever the endpoint gave in its place. Requests
/// for one credential come one after the other, so that nobody else changes it meanwhile.
#[derive(Clone)]
pub(super) struct RefreshMemory(Arc<SharedMemory>);

/// Versions of a connector share it, where their configured refresh token is the same.
struct SharedMemory {
    memory: Mutex<Memory>,
    /// Of those that renew without a store.
    turn: tokio::sync::Mutex<()>,
}

/// What is remembered.
#[derive(Default)]
pub(super) struct Memory {
    /// The one to send if none is kept on disk.
    pub(super) current: Option<Secret>,
    /// What could not be written yet.
    pub(super) unsaved: Option<UnsavedRecord>,
    /// The last access token. It is renewed because it is over, or was refused.
    pub(super) last_access: Option<Secret>,
    /// Whether an answer may have had a new refresh token that never arrived.
    pub(super) may_be_lost: bool,
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
        let memory = Memory {
            current: configured,
            ..Memory::default()
        };
        Self(Arc::new(SharedMemory {
            memory: Mutex::new(memory),
            turn: tokio::sync::Mutex::default(),
        }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock()
    }

    /// Waits until nobody else renews: a version of the connector that is replaced may still do so.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.turn.lock().await
    }
}
