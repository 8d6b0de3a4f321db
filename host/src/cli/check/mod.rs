//! `weld-host check`: checks whether a connector behaves as its host and Weld expect.

mod conformance;
mod log_capture;
mod policy;
mod report;

use std::io::{self, StdoutLock, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

pub(super) use self::log_capture::LogCapture;
use self::report::CheckReport;
use super::connector::{ConnectorArgument, build_folder};
use super::error::CliError;
use super::flag_table::FlagTable;
use super::folder_build::FolderFlags;
use super::folders::CompiledFlags;
use super::maps::{MapFlags, unused_lines};
use super::progress::ProgressLines;
use super::server_flags::CeilingFlags;
use super::signals::Signals;
use super::source::SyncSource;
use crate::author::check::{self, Finding, FindingCode, Severity, Subject};
use crate::config::{OperatorBounds, ReadLimit, parse_duration, read_in_time};
use crate::egress::HostMaps;
use crate::report::chain;
use crate::sync::{ClientOptions, ConnectorClient};

#[derive(Debug, Args)]
pub(super) struct CheckFlags {
    /// A NAME.wasm with its NAME.toml next to it, a folder of sources, which is built first, or the NAME of an installed
    /// component; may be repeated
    #[arg(required = true, value_name = "CONNECTOR")]
    connectors: Vec<PathBuf>,
    #[command(flatten)]
    folder: FolderFlags,
    /// Request only the schema and no pages, since most connectors need their API for pages
    #[arg(long)]
    offline: bool,
    /// How long a page may be pending
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = parse_duration)]
    patience: Duration,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// Print all interfaces that the component imports, and what each is for
    #[arg(long)]
    verbose: bool,
    #[command(flatten)]
    map: MapFlags,
    #[command(flatten)]
    ceilings: CeilingFlags,
    #[command(flatten)]
    compiled: CompiledFlags,
    /// Run the cases that a language, its tools and its kit must pass; for connectors written for that purpose
    #[arg(long, conflicts_with_all = ["offline", "patience", "strict", "verbose", "maps"])]
    conformance: bool,
    /// The weld-host.toml of a server: also report what its policy doesn't permit
    #[arg(long, value_name = "FILE", env = "WELD_HOST_CONFIG")]
    config: Option<PathBuf>,
    /// Print one JSON object per connector and line
    #[arg(long)]
    json: bool,
}

/// Checks each connector. A signal ends the check, and with it the tools of a build, which a terminal's Ctrl-C doesn't
/// reach.
/// `server_flags` are the keys of a `weld-host.toml`.
pub(super) async fn run(
    flags: CheckFlags,
    server_flags: &FlagTable,
    log: LogCapture,
) -> Result<(), CliError> {
    let mut signals = Signals::catch()?;
    tokio::select! {
        biased;
        () = signals.next() => Err(CliError::Stopped),
        checked = check_all(flags, server_flags, log) => checked,
    }
}

async fn check_all(
    mut flags: CheckFlags,
    server_flags: &FlagTable,
    log: LogCapture,
) -> Result<(), CliError> {
    flags.compiled.set(&mut flags.ceilings.config);
    for connector in &flags.connectors {
        if let Some(url) = connector.to_str().filter(|text| text.contains("://")) {
            return Err(CliError::CheckOfUrl(url.to_owned()));
        }
    }
    let maps = flags.map.maps()?;
    let config = flags.config.as_deref();
    let bounds = config.map(|file| policy::read(file, server_flags));
    let bounds = bounds.transpose()?;
    for line in flags.map.announcements() {
        eprintln!("{line}");
    }
    let mut failed = 0_usize;
    for connector in &flags.connectors {
        if flags.conformance {
            let conformance = conformance::run(connector, &log).await?;
            print(|stdout| match flags.json {
                true => conformance.write_json(stdout),
                false => conformance.write_text(stdout),
            })?;
            failed = failed.saturating_add(usize::from(conformance.has_failed()));
            continue;
        }
        let report = match component(connector, &flags.folder).await {
            Ok(file) => check(&file, &flags, (&maps, bounds.as_ref()), &log).await?,
            Err(finding) => CheckReport::new(connector).with(finding),
        };
        print(|stdout| match flags.json {
            true => report.write_json(stdout),
            false => report.write_text(stdout, flags.verbose),
        })?;
        if report.has(Severity::Error) || flags.strict && report.has(Severity::Warning) {
            failed = failed.saturating_add(1);
        }
    }
    if !flags.offline {
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

/// The component's file. A folder is built first.
async fn component(connector: &Path, flags: &FolderFlags) -> Result<PathBuf, Finding> {
    let argument = connector.to_str();
    match argument.map(|argument| ConnectorArgument::read(argument, flags)) {
        Some(Ok(ConnectorArgument::Component(file))) => Ok(file),
        Some(Ok(ConnectorArgument::Folder(folder))) => {
            build_folder(&folder, flags, false).await.map_err(|error| {
                let message = format!("the folder can't be built: {}", chain(&error));
                Finding::new(FindingCode::NotBuilt, message)
            })
        }
        // `check` fails to read it, and reports why.
        _ => Ok(connector.to_owned()),
    }
}

async fn check(
    file: &Path,
    flags: &CheckFlags,
    (maps, bounds): (&HostMaps, Option<&OperatorBounds>),
    log: &LogCapture,
) -> Result<CheckReport, CliError> {
    let mut report = CheckReport::new(file);
    let bytes = match read(file, flags.ceilings.config.ceilings.component_bytes) {
        Ok(bytes) => bytes,
        Err(finding) => return Ok(report.with(finding)),
    };
    (report.surface, report.findings) = check::surface(&bytes);
    drop(bytes);
    if let Some(bounds) = bounds {
        let beyond = policy::findings(file, &report.surface, bounds);
        report.findings.extend(beyond);
    }
    // Interface errors also prevent loading; the findings above explain them better.
    if report.has(Severity::Error) {
        return Ok(report);
    }
    let progress = ProgressLines::shown();
    let source = match SyncSource::serve(file, maps.clone(), &flags.ceilings, &progress).await {
        Ok(source) => source,
        Err(CliError::NotLoaded { reason, .. }) => {
            return Ok(report.with(Finding::new(FindingCode::NotLoaded, reason)));
        }
        Err(error) => return Err(error),
    };
    // The check itself requests a page twice, so the client doesn't retry.
    let options = ClientOptions {
        pauses: Vec::new(),
        component: source.component.clone(),
        ..ClientOptions::default()
    };
    let client = ConnectorClient::with_options(&source.url, source.key.as_ref(), options)?;
    // What the log holds of the connector before belongs to it no longer.
    drop(log.take_failed_calls());
    let step = progress.begin(match flags.offline {
        true => "requesting its schema ...".to_owned(),
        false => "requesting its schema and pages ...".to_owned(),
    });
    let answers = check::run(&Subject {
        client: &client,
        settings: file.with_extension("toml").display().to_string(),
        variables: source.variables.as_ref(),
        failed_calls: &|| log.take_failed_calls(),
        pages: !flags.offline,
        patience: flags.patience,
    })
    .await;
    step.end("answered");
    source.close().await;
    report.tables = answers.tables;
    report.findings.extend(answers.findings);
    Ok(report)
}

/// Reads a component, up to the size that a host loads.
fn read(file: &Path, limit_bytes: u64) -> Result<Vec<u8>, Finding> {
    let limit = ReadLimit::component(limit_bytes);
    read_in_time(file, limit).map_err(|fault| {
        if fault.is_missing() {
            let fix = "give the folder of its sources, a NAME.wasm, or the name of a connector in the plugins folder";
            return Finding::new(FindingCode::Unreadable, "there is no such file").with_fix(fix);
        }
        let message = format!("the file can't be read: {}", chain(&fault));
        Finding::new(FindingCode::Unreadable, message)
    })
}
