//! The host's log on stderr, as text or JSON.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

use super::check::LogCapture;
use super::log_line::EventText;
use super::output;
use super::sync::ToldCauses;
use crate::config::headings;

/// The level and format of the log.
#[derive(Debug, Default, Clone, Copy, Args)]
#[command(next_help_heading = headings::LOGGING)]
pub(super) struct LoggingFlags {
    /// The lowest level to log [default: info, or warn for the demo]
    #[arg(long, global = true, value_name = "LEVEL", env = "WELD_LOG")]
    log: Option<Level>,
    /// The format of log lines
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        env = "WELD_LOG_FORMAT"
    )]
    log_format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

#[derive(Debug, Default, Clone, Copy, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

impl Format {
    fn lines<S>(self) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
    {
        let writer = match output::log_writer() {
            Some(lines) => BoxMakeWriter::new(move || lines.clone()),
            None => BoxMakeWriter::new(std::io::stderr),
        };
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(writer)
            .with_ansi(std::io::stderr().is_terminal());
        match self {
            Self::Text => lines.event_format(EventText).boxed(),
            Self::Json => lines.json().flatten_event(true).boxed(),
        }
    }
}

impl LoggingFlags {
    /// Sends events to stderr from now on. A log that was set up before stays, as in tests that embed the host. Without
    /// a `default`, nothing is logged unless a flag asks for it. `capture` receives the events that it filters for,
    /// regardless of the log's level. `tells_causes` says that the command shows why requests fail, so that the default
    /// log need not.
    pub(super) fn start(
        self,
        default: Option<Level>,
        capture: Option<LogCapture>,
        tells_causes: bool,
    ) {
        let level = match self.log.or(default) {
            None => LevelFilter::OFF,
            Some(Level::Error) => LevelFilter::ERROR,
            Some(Level::Warn) => LevelFilter::WARN,
            Some(Level::Info) => LevelFilter::INFO,
            Some(Level::Debug) => LevelFilter::DEBUG,
        };
        // Libraries log problems only.
        let filter = Targets::new()
            .with_default(LevelFilter::WARN)
            .with_target("weld_host", level)
            .with_target("guest", level);
        let registry = tracing_subscriber::registry();
        let untold = (tells_causes && self.log.is_none()).then_some(ToldCauses);
        let started = match capture {
            None => registry
                .with(filter)
                .with(self.log_format.lines().with_filter(untold))
                .try_init(),
            Some(capture) => registry
                .with(capture.with_filter(LogCapture::filter()))
                .with(self.log_format.lines().with_filter(filter))
                .try_init(),
        };
        if let Err(error) = started {
            tracing::debug!(%error, "a log is already set up");
        }
    }
}
