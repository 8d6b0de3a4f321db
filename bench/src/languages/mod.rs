//! The cost of a page of the connector that `weld-host new` creates, in each of its languages.

mod connector;

use std::fmt::Write as _;

use anyhow::Context;
use weld_host::author::new::Language;

use crate::handlers::{Handler, Stage};
use crate::jobs::Work;
use crate::rounds::{self, Extent, Round, Series, as_number};
use crate::table::{digits, foreign_percent, median, ratio};
pub(crate) use connector::Connector;

const LANGUAGES: [Language; 5] = [
    Language::C,
    Language::Rust,
    Language::Python,
    Language::JavaScript,
    Language::TypeScript,
];

/// Creates the connectors, and requests the first page of beers from each of them and from the native handler, over
/// one connection.
///
/// A language whose tools are missing is skipped with a message on stderr, so that nobody believes that everything
/// was measured. Returns a table in Markdown.
///
/// # Errors
///
/// A server does not start or stops early, or an answer is wrong.
pub(crate) fn measure(extent: Extent) -> anyhow::Result<String> {
    let stage = Stage::set(1)?;
    let mut connectors = Vec::new();
    for language in LANGUAGES {
        match Connector::make(&stage, language) {
            Ok(connector) => connectors.push(connector),
            Err(error) => eprintln!("{} is SKIPPED: {error:#}", name(language)),
        }
    }
    let mut handlers = vec![Handler::Native];
    handlers.extend(
        connectors
            .iter()
            .map(|made| Handler::Connector(made.language)),
    );
    let all = rounds::measure(&stage, None, &handlers, Work::First, 1, extent)?;
    table(&connectors, &all)
}

/// A language's name as its users write it.
pub(crate) fn name(language: Language) -> &'static str {
    match language {
        Language::Rust => "Rust",
        Language::Python => "Python",
        Language::TypeScript => "TypeScript",
        Language::JavaScript => "JavaScript",
        Language::C => "C",
    }
}

/// A row for each connector, compared with the native handler in the same rounds.
fn table(connectors: &[Connector], all: &[Series]) -> anyhow::Result<String> {
    let of = |handler, value: fn(&Round) -> f64| {
        let series = all.iter().find(|series| series.handler == handler)?;
        Some(median(&series.rounds, value))
    };
    let native = (
        of(Handler::Native, |round| round.p50_ms),
        of(Handler::Native, |round| round.cpu_ms),
    );
    let (native_ms, native_cpu) = native.0.zip(native.1).context("nothing was measured")?;
    let mut text = format!(
        "`languages`, pages of 80 rows; others had {:.0} % of the machine\n\n\
         | | component KiB | p50 ms | more than native ms | p99 ms | CPU ms/req | CPU ÷ native |\n\
         |---|---|---|---|---|---|---|",
        foreign_percent(all)
    );
    for Series {
        handler, rounds, ..
    } in all
    {
        let (p50, cpu) = (
            median(rounds, |round| round.p50_ms),
            median(rounds, |round| round.cpu_ms),
        );
        let made = connectors
            .iter()
            .find(|made| Handler::Connector(made.language) == *handler);
        let size = made.map_or_else(
            || "–".to_owned(),
            |made| digits(as_number(made.bytes) / 1024.0),
        );
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "\n| {} | {size} | {} | {} | {} | {} | {} |",
            made.map_or("native", |made| name(made.language)),
            digits(p50),
            digits(p50 - native_ms),
            digits(median(rounds, |round| round.p99_ms)),
            digits(cpu),
            ratio(cpu, native_cpu),
        );
    }
    Ok(text)
}
