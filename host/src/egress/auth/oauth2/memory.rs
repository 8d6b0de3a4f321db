//! The state of a refresh token in memory.

use std::sync::{Arc, MutexGuard};

use tokio::time::Instant;

use crate::config::Secret;
use crate::lock::Mutex;
use crate::tokens::TokenRecord;

/// The refresh token of one credential: first the configured one, then the ones that replace it. Requests for one
/// credential are made one after the other, so that nothing else changes it meanwhile.
#[derive(Clone)]
pub(super) struct RefreshMemory(Arc<SharedMemory>);

/// Versions of a connector share it if their configured refresh token is the same.
struct SharedMemory {
    memory: Mutex<Memory>,
    /// Taken by renewals without a store.
    turn: tokio::sync::Mutex<()>,
}

/// The remembered state.
#[derive(Default)]
pub(super) struct Memory {
    /// The token to send if none is kept on disk.
    pub(super) current: Option<Secret>,
    /// The record that could not be written yet.
    pub(super) unsaved: Option<UnsavedRecord>,
    /// The last access token. It is renewed because it has expired or was refused.
    pub(super) last_access: Option<Secret>,
    /// Whether an answer may have had a new refresh token that never arrived.
    pub(super) may_be_lost: bool,
    /// Whether the warning was given that tokens are lost at the end of the process.
    pub(super) is_warned: bool,
    /// When the last warning was given that the refresh token expires soon.
    pub(super) end_warned: Option<Instant>,
}

/// A record that could not be written.
pub(super) struct UnsavedRecord {
    pub(super) record: TokenRecord,
    /// The refresh token that it was obtained with. That is on disk, unless somebody has written since.
    pub(super) replaced: Secret,
}

impl RefreshMemory {
    /// `configured` is the first token.
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

    /// Waits until no other renewal is under way: a replaced version of the connector may still be renewing.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.turn.lock().await
    }
}
