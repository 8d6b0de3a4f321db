//! A component that can be called.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::Engine;

use super::code::ProgramCode;
use super::compiler::CodeOrigin;
use super::crash_place::CrashDetail;
use super::turns::Turns;
use crate::account::HostAccount;

/// A component, compiled and linked, with the resources that all calls share. Every call gets its own store.
pub(crate) struct Program {
    pub(super) engine: Engine,
    pub(super) code: ProgramCode,
    pub(super) turns: Arc<Turns>,
    /// The turns of host work on values that guests handed over.
    pub(super) workbench: Arc<Turns>,
    pub(super) account: Arc<HostAccount>,
    /// How much of what a guest wrote before a crash is in the error.
    pub(super) crash_detail: CrashDetail,
}

impl Program {
    /// Where the compiled code was when the program was loaded.
    pub(crate) fn code_origin(&self) -> CodeOrigin {
        self.code.origin
    }

    /// Whether it imports `wasi:http/outgoing-handler`.
    pub(crate) fn imports_wasi_http(&self) -> bool {
        self.code.imports_wasi_http
    }

    /// The memory of all calls.
    pub(crate) fn host_account(&self) -> &Arc<HostAccount> {
        &self.account
    }

    /// The time since the last call began; `None` if the code is already unmapped.
    pub(crate) fn unused_for(&self) -> Option<Duration> {
        self.code.unused_for()
    }

    /// Unmaps its code and frees the memory of its idle sandboxes until the next call, if the code is in the cache or in a
    /// compiled file.
    /// Returns whether it did. Blocks for some milliseconds.
    pub(crate) fn give_back(&self) -> bool {
        self.code.unmap()
    }
}
