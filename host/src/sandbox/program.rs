//! A component that calls can be made on.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::Engine;

use super::code::ProgramCode;
use super::turns::Turns;
use crate::account::HostAccount;

/// A component, compiled and linked, with what its calls share with those of all others. Every call gets a store of its
/// own.
pub(crate) struct Program {
    pub(super) engine: Engine,
    pub(super) code: ProgramCode,
    pub(super) turns: Arc<Turns>,
    /// The turns of host work on what guests hand over.
    pub(super) workbench: Arc<Turns>,
    pub(super) account: Arc<HostAccount>,
    pub(super) cached: bool,
}

impl Program {
    /// Whether the compiled code came from the cache when this was loaded.
    pub(crate) fn cached(&self) -> bool {
        self.cached
    }

    /// The memory of all calls.
    pub(crate) fn host_account(&self) -> &Arc<HostAccount> {
        &self.account
    }

    /// For how long no call has begun; `None` if the code is given back already.
    pub(crate) fn unused_for(&self) -> Option<Duration> {
        self.code.unused_for()
    }

    /// Gives back the memory maps of its code and the memory of its idle sandboxes, until the next call, if the cache
    /// has the code. Whether it did. Blocks for some milliseconds.
    pub(crate) fn give_back(&self) -> bool {
        self.code.give_back()
    }
}
