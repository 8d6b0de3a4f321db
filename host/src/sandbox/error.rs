//! What a call of a guest can end in, apart from a result.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::code::CodeFault;
use super::crash_trace::CrashTrace;
use super::linker::ExportTypeFault;
use crate::account::{CallAccount, Charge, MemoryError, give_back};
use crate::bindings::source;
use crate::config::ConnectorName;
use crate::report;
use crate::scope::{CpuTimeError, Deadline, DeadlineReason};
use crate::secrets::Secrets;
use crate::waits::{Postponement, Wait};

/// How much of a guest's error message is kept. It stands in an answer and in the log, so it is for a person to read.
const MAX_MESSAGE_BYTES: usize = 4 << 10;

/// How much of it is read: more than is kept, since secrets in it may be longer than what stands in their place.
pub(super) const READ_MESSAGE_BYTES: usize = 4 * MAX_MESSAGE_BYTES;

/// The typed error that a guest returned: `error` of `wit/connector.wit`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuestError {
    /// `table` is `None` if the schema was asked for.
    #[error("the connector has no such table{}", table.as_ref().map(|table| format!(": `{table}`")).unwrap_or_default())]
    UnknownTable { table: Option<String> },
    /// `file` is the configuration to mend.
    #[error("the connector is misconfigured (its settings are in {file}): {message}")]
    Misconfigured { file: String, message: String },
    #[error(
        "the connector can't go on from this state; the table's sync must begin anew, without a state: {0}"
    )]
    InvalidState(String),
    #[error("the API refused the connector's credentials: {0}")]
    Unauthorized(String),
    /// `None` if the API did not say for how long.
    #[error("the API asks to wait")]
    RateLimited(Option<Duration>),
    #[error("the API failed: {0}")]
    Upstream(String),
    #[error("{0}")]
    Failed(String),
}

impl GuestError {
    /// The error that `connector` returned for `table`, or for its schema if that is `None`. Its `secrets` are taken out.
    /// `paid` is for its text.
    pub(super) fn new(
        error: source::Error,
        paid: Charge,
        connector: &ConnectorName,
        table: Option<&str>,
        secrets: &Secrets,
    ) -> Self {
        let short = |message: String| {
            let short = secrets.shown_beginning(&message, MAX_MESSAGE_BYTES);
            give_back(message, paid);
            short
        };
        match error {
            source::Error::UnknownTable => Self::UnknownTable {
                table: table.map(|table| report::shortened(table, MAX_MESSAGE_BYTES)),
            },
            source::Error::Misconfigured(message) => Self::Misconfigured {
                file: connector.config_file(),
                message: short(message),
            },
            source::Error::InvalidState(message) => Self::InvalidState(short(message)),
            source::Error::Unauthorized(message) => Self::Unauthorized(short(message)),
            // A wait of zero does not say when to come back: JavaScript's NaN arrives as 0, too.
            source::Error::RateLimited(wait) => Self::RateLimited(
                wait.filter(|wait| *wait > 0)
                    .map(|wait| Duration::from_millis(wait.into())),
            ),
            source::Error::Upstream(message) => Self::Upstream(short(message)),
            source::Error::Other(message) => Self::Failed(short(message)),
        }
    }
}

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The guest's own, typed error.
    #[error(transparent)]
    Guest(#[from] GuestError),

    /// The guest trapped (a panic, an uncaught exception, a recursion without end), or handed an import a value that
    /// can't be read. `trace` is for the log: the wasm backtrace, and the end of what the guest wrote to stderr,
    /// where many languages leave the cause.
    #[error("the connector crashed: {cause}")]
    Crashed { cause: String, trace: CrashTrace },

    /// The guest called `exit`.
    #[error("the connector called exit with status {status} in the middle of a call")]
    Exited { status: i32, trace: CrashTrace },

    #[error("{limit}")]
    OutOfMemory {
        limit: MemoryError,
        trace: CrashTrace,
    },

    #[error("the connector computed for longer than the {limit:?} of `limits.cpu-time`")]
    CpuTime { limit: Duration },

    #[error(
        "the call took longer than the {limit:?} of `limits.page-timeout`{}",
        waits_for.as_ref().map(|wait| format!("; it was waiting: {wait}")).unwrap_or_default()
    )]
    PageTimeout {
        limit: Duration,
        /// `None` if the guest was computing.
        waits_for: Option<Wait>,
    },

    /// Where no call goes on without its request, a page has no longer than that.
    #[error(
        "the page took longer than the {limit:?} of `limits.answer-within`, and with --no-background no call goes on \
         after its request; return less in a page, and its state sooner"
    )]
    AnswerTimeout { limit: Duration },

    /// The call was ended for a long wait, and its page begins again after it.
    #[error("the page begins again after a wait: {}", .0.wait)]
    Postponed(Postponement),

    #[error("the page has {bytes} bytes, {limit_bytes} are allowed by `limits.page-size`")]
    PageTooLarge { bytes: usize, limit_bytes: u64 },

    #[error("the state has {bytes} bytes, {limit_bytes} are allowed by `limits.state-size`")]
    StateTooLarge { bytes: usize, limit_bytes: u64 },

    #[error("the schema has {bytes} bytes, {limit_bytes} are allowed by `limits.schema-size`")]
    SchemaTooLarge { bytes: usize, limit_bytes: u64 },

    /// A result with a string that isn't UTF-8, a pointer out of bounds, more data than the host takes at once.
    #[error(
        "the connector answered a value that can't be read: a broken one, or one that is far larger than \
         `limits.page-size` and `limits.state-size` allow"
    )]
    Unreadable {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The store could not be made: the pool is smaller than what admission let in, or the system gave no memory.
    #[error("no sandbox could be made for the call")]
    Sandbox {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The connector failed after a call whose credential could not be had, which says more than what it made of that.
    #[error("{cause}")]
    Credentials {
        /// Why there is none.
        cause: String,
        /// How the connector failed.
        failed: Box<CallError>,
    },

    /// Its code was given back, since nobody called it, and did not come again.
    #[error(transparent)]
    Code(#[from] CodeFault),
}

/// What is known of a call beside the error that it ended in.
pub(super) struct Circumstances {
    /// Whether there was an instance: the export was called.
    pub(super) instantiated: bool,
    /// Where the last growth that the guest asked for was refused: by which limit.
    pub(super) memory_refused: Option<MemoryError>,
    pub(super) cpu_limit: Duration,
    /// The end of the guest's stderr.
    pub(super) stderr_tail: String,
    /// What the trace is charged to.
    pub(super) account: Arc<CallAccount>,
}

impl Circumstances {
    fn trace(&self, error: &wasmtime::Error) -> CrashTrace {
        CrashTrace::new(error, &self.stderr_tail, &self.account)
    }
}

impl CallError {
    /// Sorts what wasmtime reports by type and by recorded facts, never by its text.
    pub(super) fn classify(error: wasmtime::Error, circumstances: &Circumstances) -> Self {
        if error.is::<CpuTimeError>() {
            return Self::CpuTime {
                limit: circumstances.cpu_limit,
            };
        }
        // Any of these may follow from the refused allocation; where the host refused to keep something, it is the cause.
        let refused = error.downcast_ref::<MemoryError>().copied();
        if let Some(limit) = refused.or(circumstances.memory_refused) {
            return Self::OutOfMemory {
                limit,
                trace: circumstances.trace(&error),
            };
        }
        if let Some(exit) = error.downcast_ref::<I32Exit>() {
            return Self::Exited {
                status: exit.0,
                trace: circumstances.trace(&error),
            };
        }
        // A backtrace says that wasm was running: if this is not a trap then, an import refused its arguments.
        if error.is::<Trap>() || error.is::<WasmBacktrace>() {
            let cause = error
                .downcast_ref::<Trap>()
                .map_or_else(|| error.root_cause().to_string(), Trap::to_string);
            return Self::Crashed {
                cause: report::shortened(&cause, MAX_MESSAGE_BYTES),
                trace: circumstances.trace(&error),
            };
        }
        let is_callable = circumstances.instantiated && !error.is::<ExportTypeFault>();
        let source = error.into_boxed_dyn_error();
        if is_callable {
            Self::Unreadable { source }
        } else {
            Self::Sandbox { source }
        }
    }

    /// The same error; or that the host could not obtain a credential for the call, if that may be why the guest failed.
    pub(super) fn or_of_a_credential(self, cause: Option<String>) -> Self {
        match (self, cause) {
            // It asks to wait, and is asked again.
            (error @ Self::Guest(GuestError::RateLimited(_)), _) => error,
            (
                failed @ (Self::Guest(_) | Self::Crashed { .. } | Self::Exited { .. }),
                Some(cause),
            ) => Self::Credentials {
                cause,
                failed: Box::new(failed),
            },
            (error, _) => error,
        }
    }

    /// What the guest handed over can't be held.
    pub(super) fn no_memory(limit: MemoryError) -> Self {
        Self::OutOfMemory {
            limit,
            trace: CrashTrace::none(),
        }
    }

    /// The call has not ended by its deadline; it was waiting for this, if it wasn't computing.
    pub(super) fn timeout(deadline: Deadline, waits_for: Option<Wait>) -> Self {
        let limit = deadline.limit;
        match deadline.reason {
            DeadlineReason::AnswerWithin => Self::AnswerTimeout { limit },
            DeadlineReason::PageTimeout | DeadlineReason::Total | DeadlineReason::Request => {
                Self::PageTimeout { limit, waits_for }
            }
        }
    }

    /// More than the message says, for the log: the backtrace of a crash.
    pub(crate) fn trace(&self) -> Option<&str> {
        match self {
            Self::Crashed { trace, .. }
            | Self::Exited { trace, .. }
            | Self::OutOfMemory { trace, .. } => trace.text(),
            Self::Guest(_)
            | Self::CpuTime { .. }
            | Self::PageTimeout { .. }
            | Self::AnswerTimeout { .. }
            | Self::Postponed(_)
            | Self::PageTooLarge { .. }
            | Self::StateTooLarge { .. }
            | Self::SchemaTooLarge { .. }
            | Self::Unreadable { .. }
            | Self::Sandbox { .. }
            | Self::Code(_) => None,
            Self::Credentials { failed, .. } => failed.trace(),
        }
    }
}
