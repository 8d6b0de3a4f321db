//! Leaves out the log lines whose cause a sync shows anyway.

use tracing::{Event, Level, Metadata};
use tracing_subscriber::layer::{Context, Filter};

/// The module whose warnings are the causes of failed answers. The sync receives these answers.
const ANSWERS: &str = "weld_host::server::error";

/// The module whose warnings are failed calls to APIs. The sync shows those that no answer mentions.
const CALLS: &str = "weld_host::egress::record";

/// Drops the host's warnings about calls to APIs and about answers. A backtrace in them shows the frames of the connector's
/// language and of libc; `--log` shows it.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct ToldCauses;

impl<S> Filter<S> for ToldCauses {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        let is_told = [ANSWERS, CALLS]
            .into_iter()
            .any(|module| is_within(metadata.target(), module));
        !is_told || *metadata.level() == Level::ERROR
    }
}

/// Whether a module is this one, or part of it.
fn is_within(target: &str, module: &str) -> bool {
    let rest = target.strip_prefix(module);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use tracing_subscriber::Layer;
    use tracing_subscriber::prelude::*;

    use super::*;
    use crate::lock::Mutex;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_warnings_about_answers_and_calls_are_left_out() {
        let lines = Lines::default();
        let written = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .without_time()
            .with_writer(move || lines.clone())
            .with_filter(ToldCauses);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let none: Option<&str> = None;
            tracing::warn!(target: ANSWERS, kind = "busy", trace = none, "cause");
            tracing::info!(target: "weld_host::server::error::answer", "request");
            tracing::warn!(target: ANSWERS, trace = Some("frame"), "crash");
            tracing::warn!(target: CALLS, cause = "connection refused", "call");
            tracing::error!(target: ANSWERS, "fault");
            tracing::warn!(target: "guest", "line");
        });
        let text = String::from_utf8(written.0.lock().clone()).unwrap();
        let kept: Vec<_> = text
            .lines()
            .map(|line| line.split_whitespace().nth(2).unwrap())
            .collect();
        assert_eq!(kept, ["fault", "line"], "{text}");
    }
}
