//! How a command compiles components: by starting this program again.

use crate::config::CompileLimits;
use crate::sandbox::{
    Cache, Compilation, CompileObserver, CompilerPriority, CompilerProcess, EngineError,
    EngineSettings, Runtime,
};

/// The command by which a host starts its compilers.
pub(super) const COMPILER_COMMAND: &str = "__compiler";

/// How a command compiles components.
pub(super) struct CompileManner {
    priority: CompilerPriority,
    observer: CompileObserver,
}

impl CompileManner {
    /// As a host does that serves other connectors meanwhile.
    pub(super) fn background() -> Self {
        Self {
            priority: CompilerPriority::Background,
            observer: CompileObserver::none(),
        }
    }

    /// For a command whose user waits. `observer` is called for each component that is compiled.
    pub(super) fn foreground(observer: CompileObserver) -> Self {
        Self {
            priority: CompilerPriority::Foreground,
            observer,
        }
    }

    /// Whether the user of a command waits, and reads the messages.
    pub(super) fn has_user(&self) -> bool {
        match self.priority {
            CompilerPriority::Foreground => true,
            CompilerPriority::Background => false,
        }
    }

    /// The runtime that compiles by starting this program again.
    pub(super) fn runtime(
        self,
        engine: EngineSettings,
        limits: CompileLimits,
        cache: Option<Cache>,
    ) -> Result<Runtime, EngineError> {
        let process = compiler_process(limits, self.priority);
        Runtime::observed(engine, Compilation::Process(process), cache, self.observer)
    }
}

/// This program as a compiler.
pub(super) fn compiler_process(
    limits: CompileLimits,
    priority: CompilerPriority,
) -> CompilerProcess {
    CompilerProcess::of_this_program([COMPILER_COMMAND.into()], limits, priority)
}
