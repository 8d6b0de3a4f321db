//! Chooses how a sync is shown.

use super::bars::Bars;
use super::json::JsonLog;
use super::lines::{TextLog, warning_line};
use crate::sync::{Event, Summary, SyncFailure};

/// How a sync is shown.
pub(in crate::cli) enum Report {
    /// Bars on a terminal.
    Bars(Bars),
    /// Lines for a log.
    Text(TextLog),
    /// JSON for a program; the command prints an error itself.
    Json(JsonLog),
    /// Only warnings; errors are printed elsewhere.
    Warnings,
    /// Nothing: the error has the warning.
    Errors,
}

impl Report {
    /// The way that the flags ask for. Otherwise bars if they can be drawn, or else lines.
    pub(in crate::cli) fn choose(json: bool, quiet: bool, can_draw: bool) -> Self {
        if json {
            Self::Json(JsonLog)
        } else if quiet {
            Self::Warnings
        } else if can_draw {
            Self::Bars(Bars::new())
        } else {
            Self::Text(TextLog::new())
        }
    }

    /// In a strict sync, a warning is the error, which would be printed twice.
    pub(in crate::cli) fn strictly(self, strict: bool) -> Self {
        match self {
            Self::Warnings if strict => Self::Errors,
            other => other,
        }
    }

    pub(super) fn event(&mut self, event: &Event) {
        match self {
            Self::Bars(bars) => bars.event(event),
            Self::Text(log) => log.event(event),
            Self::Json(log) => log.event(event),
            Self::Errors => {}
            Self::Warnings => {
                if let Event::Warning(warning) = event {
                    eprintln!("{}", warning_line(warning));
                }
            }
        }
    }

    /// Shows a line; nothing with `--quiet`.
    pub(super) fn say(&self, line: &str) {
        match self {
            Self::Bars(bars) => bars.say(line),
            // Stdout has only events.
            Self::Text(_) | Self::Json(_) => eprintln!("{line}"),
            Self::Warnings | Self::Errors => {}
        }
    }

    pub(super) fn end(&mut self, ended: Result<&Summary, &SyncFailure>) {
        match self {
            Self::Bars(bars) => bars.end(ended),
            Self::Text(log) => log.end(ended),
            Self::Json(log) => log.end(ended.ok()),
            Self::Warnings | Self::Errors => {}
        }
    }

    /// Whether the summary is to be printed for people.
    pub(in crate::cli) fn is_for_people(&self) -> bool {
        matches!(self, Self::Bars(_) | Self::Text(_))
    }
}
