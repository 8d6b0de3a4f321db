//! The ways in which a sync shows its progress, and the check of each.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, ensure};
use serde_json::Value;
use weld_host::demo::Table;

use crate::terminal::Terminal;

/// How a sync shows its progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Not at all; the baseline for the others.
    Quiet,
    /// Lines for a log, in a file.
    Lines,
    /// A JSON object for each page, in a file.
    Json,
    /// Progress bars on a terminal.
    Bars,
}

impl Form {
    pub(super) const ALL: [Self; 4] = [Self::Quiet, Self::Lines, Self::Json, Self::Bars];

    /// The form's name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Lines => "lines",
            Self::Json => "json",
            Self::Bars => "bars",
        }
    }

    /// The flags that select it. Lines and bars are selected by where stderr goes.
    pub(super) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Quiet => &["--quiet"],
            Self::Json => &["--json"],
            Self::Lines | Self::Bars => &[],
        }
    }

    /// Checks that a sync of this many rows has shown its progress in this form.
    ///
    /// # Errors
    ///
    /// An error with the output that was shown instead.
    pub(super) fn check(self, shown: &str, rows: u64) -> anyhow::Result<()> {
        let table = Table::Beers.name();
        let draws = shown.contains('\u{1b}');
        let is_right = match self {
            Self::Quiet => shown.is_empty(),
            Self::Lines => !draws && shown.contains(&format!("{table}: done, {rows} rows")),
            Self::Json => {
                let last = shown.lines().last().unwrap_or_default();
                let summary: Value = serde_json::from_str(last).context("expected JSON")?;
                let field = |name| summary.get(name).cloned();
                !draws
                    && field("event") == Some("summary".into())
                    && field("rows") == Some(rows.into())
            }
            Self::Bars => draws && shown.contains(&format!("{rows} rows ")),
        };
        let end = shown.floor_char_boundary(500);
        ensure!(is_right, "it has shown: {:?}", shown.split_at(end).0);
        Ok(())
    }
}

/// The target of a sync's stdout and stderr.
pub(super) enum Output {
    File(PathBuf),
    Terminal(Terminal),
}

impl Output {
    /// Opens it, and returns both streams that lead to it.
    ///
    /// # Errors
    ///
    /// An error of the system.
    pub(super) fn open(form: Form, folder: &Path) -> anyhow::Result<(Self, (Stdio, Stdio))> {
        if form == Form::Bars {
            let (terminal, writer) = Terminal::open()?;
            let streams = (writer.try_clone()?.into(), writer.into());
            return Ok((Self::Terminal(terminal), streams));
        }
        let path = folder.join("output");
        let file = File::options().create(true).append(true).open(&path)?;
        let streams = (file.try_clone()?.into(), file.into());
        Ok((Self::File(path), streams))
    }

    /// The whole output, once the process has ended.
    ///
    /// # Errors
    ///
    /// An error of the system, or the output is not text.
    pub(super) fn text(self) -> anyhow::Result<String> {
        match self {
            Self::File(path) => Ok(fs::read_to_string(path)?),
            Self::Terminal(terminal) => terminal.text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_distinguished_from_the_others() {
        let shown = [
            (Form::Quiet, ""),
            (Form::Lines, "beers: starting\nbeers: done, 7 rows\n"),
            (
                Form::Json,
                "{\"event\":\"page\"}\n{\"event\":\"summary\",\"rows\":7}\n",
            ),
            (Form::Bars, "\u{1b}[1A  beers  1 pages  7 rows  9 rows/s"),
        ];
        for form in Form::ALL {
            for (shown_by, shown) in shown {
                let is_right = form.check(shown, 7).is_ok();
                assert_eq!(is_right, form == shown_by, "{form:?}: {shown}");
            }
            if form != Form::Quiet {
                let (_, shown) = shown.iter().find(|(by, _)| *by == form).unwrap();
                assert!(form.check(shown, 8).is_err(), "{form:?}: another number");
            }
        }
    }
}
