//! A panic of the connector, as the error of its call, with the words that a component's host finds in its output.

use std::cell::{Cell, RefCell};
use std::env;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use crate::Error;

thread_local! {
    /// Whether this thread runs a call.
    static IN_CALL: Cell<bool> = const { Cell::new(false) };
    /// Why the call panicked.
    static CAUSE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The result of a call; if the connector panics, an error with place and message. Nothing is printed then, unless
/// `RUST_BACKTRACE` asks for it.
pub(super) fn caught<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    static HOOK: Once = Once::new();
    HOOK.call_once(keep_causes);
    IN_CALL.set(true);
    let ended = panic::catch_unwind(AssertUnwindSafe(call));
    IN_CALL.set(false);
    ended.unwrap_or_else(|_| {
        let cause = CAUSE.take();
        Err(Error::Other(format!("the connector crashed: {cause}")))
    })
}

/// From now on, a panic in a call is kept. All others are reported as before.
fn keep_causes() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !IN_CALL.get() {
            report(panic);
            return;
        }
        CAUSE.set(cause(panic));
        if env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            report(panic);
        }
    }));
}

/// In one line, as a component's host shows it.
fn cause(panic: &PanicHookInfo<'_>) -> String {
    let message = panic
        .payload_as_str()
        .unwrap_or("a value that is not a text");
    let lines: Vec<&str> = message.lines().map(str::trim).collect();
    let message = lines.join(" ");
    match panic.location() {
        Some(place) => format!("panicked at {place}: {message}"),
        None => format!("panicked: {message}"),
    }
}
