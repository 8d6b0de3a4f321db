//! Why a component has no code that this host can run.

use std::io;
use std::path::PathBuf;

use super::compiled::CompiledFault;
use super::compiler::error::CompilerFault;
use crate::report;

/// Why a file is not a component that this host can run. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    #[error("the file is empty: copy it again")]
    Empty,

    #[error("the file is not WebAssembly: build the connector for the target wasm32-wasip2")]
    NotWasm,

    #[error(
        "the file is a core module, not a component: build it for the target wasm32-wasip2, or wrap it with \
         `wasm-tools component new`"
    )]
    CoreModule,

    #[error(
        "the component can't be compiled: it is invalid, truncated, or exceeds a limit of this host (its initial memory may not exceed --max-memory)"
    )]
    Invalid {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    #[error(transparent)]
    Compiler(CompilerFault),

    #[error(
        "the component has imports that this host does not offer (build it with the host's wit/connector.wit)"
    )]
    Imports {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    #[error(
        "the component does not export `weld:connector/source@0.1.0` as this host expects it (build it for the world \
         `connector` of the host's wit/connector.wit)"
    )]
    Exports {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    #[error(
        "its compiled file {} can't be used: {}; {}, or start without --require-compiled",
        path.display(), report::chain(fault), fault.remedy()
    )]
    NotCompiled {
        /// The compiled file.
        path: PathBuf,
        fault: CompiledFault,
    },

    #[error("loading the component was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),

    #[error("reading the file again for the compiler failed")]
    Read(#[source] io::Error),

    #[error("the file changed before it was compiled")]
    Changed,
}

impl CompileError {
    /// Whether the component itself is wrong for every host, whatever time and memory a compiler has.
    pub(crate) fn is_of_component(&self) -> bool {
        match self {
            Self::Empty
            | Self::NotWasm
            | Self::CoreModule
            | Self::Invalid { .. }
            | Self::Imports { .. }
            | Self::Exports { .. } => true,
            Self::Compiler(_)
            | Self::NotCompiled { .. }
            | Self::Interrupted(_)
            | Self::Read(_)
            | Self::Changed => false,
        }
    }

    /// Whether the compiled file is the reason, and not the component.
    pub(crate) fn is_of_compiled_file(&self) -> bool {
        matches!(self, Self::NotCompiled { .. })
    }

    /// Whether the same component may be compiled successfully later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Compiler(fault) => fault.may_pass(),
            Self::NotCompiled { fault, .. } => fault.may_pass(),
            Self::Interrupted(_) | Self::Read(_) | Self::Changed => true,
            Self::Empty
            | Self::NotWasm
            | Self::CoreModule
            | Self::Invalid { .. }
            | Self::Imports { .. }
            | Self::Exports { .. } => false,
        }
    }
}

impl From<CompilerFault> for CompileError {
    fn from(error: CompilerFault) -> Self {
        match error {
            CompilerFault::Refused(reason) => Self::Invalid {
                source: reason.into(),
            },
            error => Self::Compiler(error),
        }
    }
}
