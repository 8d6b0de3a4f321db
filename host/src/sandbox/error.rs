//! What a call of a guest can end in, apart from a result.

use std::time::Duration;

use wasmtime::Trap;
use wasmtime_wasi::I32Exit;

use super::cpu::CpuTimeExceeded;
use crate::bindings::source;
use crate::config::ConnectorName;

/// The typed error that a guest returned: `error` of `wit/connector.wit`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuestError {
    /// `table` is none where it was the schema that was asked for.
    #[error("the connector has no such table{}", table.as_ref().map(|table| format!(": `{table}`")).unwrap_or_default())]
    UnknownTable { table: Option<String> },
    /// `file` is the configuration to mend.
    #[error("the connector is misconfigured, see [env] in {file}: {message}")]
    Misconfigured { file: String, message: String },
    #[error(
        "the connector can't go on from this state; the table's sync must begin anew, without a state: {0}"
    )]
    InvalidState(String),
    #[error("the API refused the connector's credentials: {0}")]
    Unauthorized(String),
    #[error("the API asks to wait")]
    RateLimited(Option<Duration>),
    #[error("the API failed: {0}")]
    Upstream(String),
    #[error("{0}")]
    Failed(String),
}

impl GuestError {
    /// What `connector` answered, asked for `table` or, where that is none, for its schema.
    pub(super) fn new(
        error: source::Error,
        connector: &ConnectorName,
        table: Option<&str>,
    ) -> Self {
        match error {
            source::Error::UnknownTable => Self::UnknownTable {
                table: table.map(str::to_owned),
            },
            source::Error::Misconfigured(message) => Self::Misconfigured {
                file: connector.config_file(),
                message,
            },
            source::Error::InvalidState(message) => Self::InvalidState(message),
            source::Error::Unauthorized(message) => Self::Unauthorized(message),
            source::Error::RateLimited(wait) => {
                Self::RateLimited(wait.map(|wait| Duration::from_millis(wait.into())))
            }
            source::Error::Upstream(message) => Self::Upstream(message),
            source::Error::Other(message) => Self::Failed(message),
        }
    }
}

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The guest's own, typed error.
    #[error(transparent)]
    Guest(#[from] GuestError),

    /// The guest trapped: a panic, an uncaught exception, a recursion without end. `trace` is for the log: the wasm
    /// backtrace, and the end of what the guest wrote to stderr, where many languages leave the cause.
    #[error("the connector crashed: {trap}")]
    Crashed { trap: Trap, trace: String },

    /// The guest called `exit`.
    #[error("the connector called exit with status {status} in the middle of a call")]
    Exited { status: i32, trace: String },

    #[error("the connector needs more memory than the {limit_bytes} bytes of `limits.memory`")]
    OutOfMemory { limit_bytes: u64, trace: String },

    #[error("the connector computed for longer than the {limit:?} of `limits.cpu-time`")]
    CpuTime { limit: Duration },

    #[error("the call took longer than the {limit:?} of `limits.page-timeout`")]
    PageTimeout { limit: Duration },

    #[error("the page has {bytes} bytes, {limit_bytes} are allowed by `limits.page-size`")]
    PageTooLarge { bytes: usize, limit_bytes: u64 },

    #[error("the state has {bytes} bytes, {limit_bytes} are allowed by `limits.state-size`")]
    StateTooLarge { bytes: usize, limit_bytes: u64 },

    /// A string that isn't UTF-8, a pointer out of bounds, more data than the host takes at once.
    #[error(
        "the connector handed over a value that can't be read: a broken one, or one of more than twice \
         `limits.page-size` and `limits.state-size` together"
    )]
    Unreadable {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The store could not be made: the pool is smaller than what admission let in.
    #[error("no sandbox could be made for the call")]
    Sandbox {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What is known of a call beside the error that it ended in.
pub(super) struct Circumstances {
    pub(super) memory_refused: bool,
    pub(super) memory_limit_bytes: u64,
    pub(super) cpu_limit: Duration,
    /// The end of the guest's stderr.
    pub(super) stderr_tail: String,
}

impl CallError {
    /// Sorts what wasmtime reports by type and by recorded facts, never by its text.
    pub(super) fn classify(error: wasmtime::Error, circumstances: &Circumstances) -> Self {
        if error.is::<CpuTimeExceeded>() {
            return Self::CpuTime {
                limit: circumstances.cpu_limit,
            };
        }
        let trace = trace(&error, &circumstances.stderr_tail);
        if let Some(exit) = error.downcast_ref::<I32Exit>() {
            return Self::Exited {
                status: exit.0,
                trace,
            };
        }
        if circumstances.memory_refused {
            return Self::OutOfMemory {
                limit_bytes: circumstances.memory_limit_bytes,
                trace,
            };
        }
        if let Some(trap) = error.downcast_ref::<Trap>() {
            return Self::Crashed { trap: *trap, trace };
        }
        if error.is::<wasmtime::PoolConcurrencyLimitError>() {
            return Self::Sandbox {
                source: error.into_boxed_dyn_error(),
            };
        }
        Self::Unreadable {
            source: error.into_boxed_dyn_error(),
        }
    }

    /// More than the message says, for the log: the backtrace of a crash.
    pub(crate) fn trace(&self) -> Option<&str> {
        match self {
            Self::Crashed { trace, .. }
            | Self::Exited { trace, .. }
            | Self::OutOfMemory { trace, .. } => Some(trace),
            Self::Guest(_)
            | Self::CpuTime { .. }
            | Self::PageTimeout { .. }
            | Self::PageTooLarge { .. }
            | Self::StateTooLarge { .. }
            | Self::Unreadable { .. }
            | Self::Sandbox { .. } => None,
        }
    }
}

fn trace(error: &wasmtime::Error, stderr_tail: &str) -> String {
    if stderr_tail.is_empty() {
        return format!("{error:?}");
    }
    format!("{error:?}\n\nThe end of its stderr:\n{stderr_tail}")
}
