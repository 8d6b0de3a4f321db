//! `weld-host check`: checks whether a connector behaves as its host and Weld expect.

mod conformance;
mod log_capture;
mod report;

use std::io::{self, StdoutLock, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

pub(super) use self::log_capture::LogCapture;
use self::report::CheckReport;
use super::error::CliError;
use super::maps::{MapFlags, unused_lines};
use super::source::SyncSource;
use crate::author::check::{self, CheckDepth, Finding, FindingCode, Severity};
use crate::config::{Ceilings, ReadLimit, parse_duration, read_in_time};
use crate::egress::HostMaps;
use crate::sync::{ClientOptions, ConnectorClient};

#[derive(Debug, Args)]
pub(super) struct CheckFlags {
    /// Components, each with its NAME.toml next to it
    #[arg(required = true, value_name = "FILE.wasm")]
    files: Vec<PathBuf>,
    /// Request only the schema and no pages, since most connectors need their API for pages
    #[arg(long)]
    offline: bool,
    /// How long a page may be pending
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = parse_duration)]
    patience: Duration,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    map: MapFlags,
    /// Run the cases that a language, its tools and its kit must pass; for connectors written for that purpose
    #[arg(long, conflicts_with_all = ["offline", "patience", "strict", "maps"])]
    conformance: bool,
    /// Print one JSON object per connector and line
    #[arg(long)]
    json: bool,
}

/// Checks each file.
pub(super) async fn run(flags: CheckFlags, log: LogCapture) -> Result<(), CliError> {
    let depth = CheckDepth {
        pages: !flags.offline,
        patience: flags.patience,
    };
    let maps = flags.map.maps()?;
    for line in flags.map.announcements() {
        eprintln!("{line}");
    }
    let mut failed = 0_usize;
    for file in &flags.files {
        if flags.conformance {
            let conformance = conformance::run(file, &log).await?;
            print(|stdout| match flags.json {
                true => conformance.write_json(stdout),
                false => conformance.write_text(stdout),
            })?;
            failed = failed.saturating_add(usize::from(conformance.has_failed()));
            continue;
        }
        let report = check(file, depth, &maps, &log).await?;
        print(|stdout| match flags.json {
            true => report.write_json(stdout),
            false => report.write_text(stdout),
        })?;
        if report.has(Severity::Error) || flags.strict && report.has(Severity::Warning) {
            failed = failed.saturating_add(1);
        }
    }
    if depth.pages {
        for line in unused_lines(&maps) {
            eprintln!("{line}");
        }
    }
    if failed > 0 {
        return Err(CliError::CheckFailed { failed });
    }
    Ok(())
}

fn print(write: impl FnOnce(&mut StdoutLock<'_>) -> io::Result<()>) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    write(&mut stdout)
        .and_then(|()| stdout.flush())
        .map_err(CliError::Stdout)
}

async fn check(
    file: &Path,
    depth: CheckDepth,
    maps: &HostMaps,
    log: &LogCapture,
) -> Result<CheckReport, CliError> {
    let bytes = read(file)?;
    let (surface, findings) = check::surface(&bytes);
    drop(bytes);
    let mut report = CheckReport {
        file: file.to_owned(),
        surface,
        tables: Vec::new(),
        findings,
    };
    // Interface errors also prevent loading; the findings above explain them better.
    if report.has(Severity::Error) {
        return Ok(report);
    }
    let source = match SyncSource::serve(file, maps.clone()).await {
        Ok(source) => source,
        Err(CliError::NotLoaded { reason, .. }) => {
            let finding = Finding::new(FindingCode::NotLoaded, reason);
            report.findings.push(finding);
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    // The check itself requests a page twice, so the client doesn't retry.
    let options = ClientOptions {
        pauses: Vec::new(),
        ..ClientOptions::default()
    };
    let client = ConnectorClient::with_options(&source.url, source.key.as_ref(), options)?;
    let answers = check::run(&client, depth).await;
    source.close().await;
    report.tables = answers.tables;
    report.findings.extend(answers.findings);
    let refused = log.take_refusals();
    let refused = refused
        .into_iter()
        .map(|cause| Finding::new(FindingCode::CallRefused, cause));
    report.findings.extend(refused);
    Ok(report)
}

/// Reads a component, up to the size that a host loads.
fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    if !file.is_file() {
        return Err(CliError::NoConnector(file.to_owned()));
    }
    let limit = ReadLimit::component(Ceilings::default().component_bytes);
    read_in_time(file, limit).map_err(|source| CliError::Unreadable {
        path: file.to_owned(),
        source,
    })
}
