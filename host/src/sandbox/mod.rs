//! Runs one call of one export in its own store, within all limits.
//!
//! This room has the engine, linking, compiling, compiled files, the cache of compiled code, the limits on memory and time, and the
//! classification of errors of a call. It does not know Weld's JSON and HTTP: a page leaves this room as the strings
//! that the guest handed over, with their sizes checked but not their content.
//!
//! Uses `imports` (the functions that a guest may call) and `egress`, which `imports` is built on.

mod cache;
mod cache_file;
mod cache_room;
mod call;
mod capacity;
mod code;
mod compile_error;
mod compiled;
mod compiler;
mod component_source;
mod crash_place;
mod crash_trace;
mod engine;
mod error;
mod executable_memory;
mod handed_over;
mod language;
mod limits;
mod linker;
mod machine;
mod program;
mod runtime;
mod setup;
mod stack;
mod store;
mod target_cpu;
mod trap_words;
mod turns;
mod wasm;
mod workbench;

pub use cache::{Cache, CacheError};
pub use cache_file::TrustFault;
pub use capacity::{Bound, Capacity};
pub(crate) use compile_error::CompileError;
pub(crate) use compiled::{CompiledFault, CompiledFile};
pub(crate) use compiler::AheadCompiler;
pub use compiler::{
    CodeOrigin, Compilation, CompileEnd, CompileObserver, CompilerPriority, CompilerProcess,
    CompilerProcessError, serve_as_compiler,
};
pub(crate) use component_source::{CompiledSource, ComponentReader, ComponentSource};
pub(crate) use engine::IDLE_SHARE;
pub use engine::{EngineError, EngineSettings, worker_threads};
pub(crate) use error::CallError;
pub(crate) use handed_over::{GuestPage, GuestSchema};
pub use machine::Machine;
pub(crate) use machine::processors;
pub(crate) use program::Program;
pub use runtime::Runtime;
pub(crate) use setup::CallSetup;
pub use target_cpu::{TargetCpu, UnknownCpuError};
pub(crate) use wasm::Wasm;
