//! Details of a crash for the log.

use crate::account::{CallAccount, Charge};

/// The wasm backtrace, the causes, and the end of the guest's stderr, where many languages write the cause. It is charged,
/// since a failure is kept until it has been reported.
///
/// It has no frames of the host, even if the environment asks for backtraces.
#[derive(Debug)]
pub(crate) struct CrashTrace {
    text: String,
    _charge: Option<Charge>,
}

impl CrashTrace {
    /// An empty trace, for errors that don't need one.
    pub(super) fn none() -> Self {
        Self {
            text: String::new(),
            _charge: None,
        }
    }

    /// The trace of a call that ended with this error, with the end of its stderr. Empty if there is no memory for it.
    pub(super) fn new(error: &wasmtime::Error, stderr_tail: &str, account: &CallAccount) -> Self {
        // `{error:?}` would add the host's own frames if RUST_BACKTRACE is set.
        let causes: Vec<_> = error.chain().map(ToString::to_string).collect();
        let mut text = causes.join("\n\nCaused by:\n    ");
        if !stderr_tail.is_empty() {
            text = format!("{text}\n\nThe end of its stderr:\n{stderr_tail}");
        }
        match account.transit(text.capacity() as u64) {
            Ok(charge) => Self {
                text,
                _charge: Some(charge),
            },
            Err(_) => Self::none(),
        }
    }

    /// The text; `None` if it is empty.
    pub(super) fn text(&self) -> Option<&str> {
        Some(self.text.as_str()).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::HostAccount;

    #[test]
    fn trace_is_charged_or_left_out() {
        let host = HostAccount::new(1 << 20);
        let account = CallAccount::new(host.clone(), 1 << 20);
        let error = wasmtime::Error::msg("unreachable").context("error in a frame");
        let trace = CrashTrace::new(&error, "panicked here", &account);
        assert_eq!(
            trace.text(),
            Some(
                "error in a frame\n\nCaused by:\n    unreachable\n\nThe end of its stderr:\npanicked here"
            )
        );
        assert!(host.used_bytes() >= trace.text().unwrap().len() as u64);
        let long = CrashTrace::new(&error, &"x".repeat(1 << 20), &account);
        assert_eq!(long.text(), None);
        drop(trace);
        assert_eq!(host.used_bytes(), 0);
    }
}
