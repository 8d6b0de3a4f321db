//! The host's log on stderr, as text or JSON, also as the log of a platform expects it.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, Targets};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry, reload};

use super::check::LogCapture;
use super::log_line::EventText;
use super::log_object::{EventObject, ObjectDialect};
use super::log_span::SpanText;
use super::output::{self, OutputForm};
use super::sync::ToldCauses;
use crate::admin::{LogControl, LogLevel};
use crate::config::headings;
use crate::lock::Mutex;

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
    // A doc comment on one of these would double the length of every command's help.
    Google,
}

impl Format {
    fn output_form(self) -> OutputForm {
        match self {
            Self::Text => OutputForm::Text,
            Self::Json => OutputForm::Json(ObjectDialect::Plain),
            Self::Google => OutputForm::Json(ObjectDialect::Google),
        }
    }

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
            .with_ansi(matches!(self, Self::Text) && std::io::stderr().is_terminal());
        match self.output_form() {
            OutputForm::Text => lines.fmt_fields(SpanText).event_format(EventText).boxed(),
            OutputForm::Json(dialect) => lines
                .fmt_fields(JsonFields::new())
                .event_format(EventObject::new(dialect))
                .boxed(),
        }
    }
}

impl LoggingFlags {
    /// Whether the command logs only what it must, since nobody has chosen a level.
    pub(super) fn is_default(self) -> bool {
        self.log.is_none()
    }

    /// The form of a server's output.
    pub(super) fn output_form(self) -> OutputForm {
        self.log_format.output_form()
    }

    /// Sends events to stderr from now on. A log that was set up before stays, as in tests that embed the host. Without
    /// a `default`, nothing is logged unless a flag asks for it. `capture` receives the events that it filters for,
    /// regardless of the log's level. `tells_causes` says that the command shows why requests fail, so that the default
    /// log need not. Returns the log if its level can change.
    pub(super) fn start(
        self,
        default: Option<Level>,
        capture: Option<LogCapture>,
        tells_causes: bool,
    ) -> Option<LogHandle> {
        let level = self.log.or(default).map(LogLevel::from);
        let filter = filter(level);
        let registry = tracing_subscriber::registry();
        let untold = (tells_causes && self.log.is_none()).then_some(ToldCauses);
        let mut log = None;
        let started = match capture {
            None => {
                let (filter, handle) = reload::Layer::new(filter);
                log = level.map(|level| LogHandle {
                    handle,
                    level: Mutex::new(level),
                });
                registry
                    .with(filter)
                    .with(self.log_format.lines().with_filter(untold))
                    .try_init()
            }
            Some(capture) => {
                let captured = capture.filter();
                registry
                    .with(capture.with_filter(captured))
                    .with(self.log_format.lines().with_filter(filter.and(untold)))
                    .try_init()
            }
        };
        if let Err(error) = started {
            tracing::debug!(%error, "a log is already set up");
            return None;
        }
        log
    }
}

/// What is logged from this level on; without one, only problems of libraries.
fn filter(level: Option<LogLevel>) -> Targets {
    let level = match level {
        None => LevelFilter::OFF,
        Some(LogLevel::Error) => LevelFilter::ERROR,
        Some(LogLevel::Warn) => LevelFilter::WARN,
        Some(LogLevel::Info) => LevelFilter::INFO,
        Some(LogLevel::Debug) => LevelFilter::DEBUG,
    };
    // Libraries log problems only.
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("weld_host", level)
        .with_target("guest", level)
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warn => Self::Warn,
            Level::Info => Self::Info,
            Level::Debug => Self::Debug,
        }
    }
}

/// The log of this process, whose level can change.
#[derive(Debug)]
pub(super) struct LogHandle {
    handle: reload::Handle<Targets, Registry>,
    level: Mutex<LogLevel>,
}

impl LogControl for LogHandle {
    fn level(&self) -> LogLevel {
        *self.level.lock()
    }

    fn set_level(&self, level: LogLevel) -> bool {
        let mut present = self.level.lock();
        let is_set = self.handle.reload(filter(Some(level))).is_ok();
        if is_set {
            *present = level;
        }
        is_set
    }
}
