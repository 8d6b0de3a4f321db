//! `weld-host sync`: syncs a connector's tables into a destination on this machine, as Weld would.

mod bars;
mod call_notices;
mod json;
mod limits;
mod lines;
mod report;
mod retries;
mod states;
mod summary;
mod target;
mod told_causes;
mod unknown_table;

use std::io::IsTerminal;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use tokio::sync::oneshot;

pub(super) use self::call_notices::CallNotices;
use self::json::JsonLog;
pub(super) use self::limits::LimitFlags;
pub(super) use self::report::Report;
pub(super) use self::summary::summary_lines;
use self::summary::{limit_line, warnings_line};
pub(super) use self::target::{STDOUT, Target};
pub(super) use self::told_causes::ToldCauses;
pub use self::unknown_table::UnknownTable;
use super::api_keys::environment_key;
use super::check::LogCapture;
use super::connector::ConnectorArgument;
use super::error::CliError;
use super::folder_build::FolderFlags;
use super::folders::CompiledFlags;
use super::host::stop_requested;
use super::maps::{MapFlags, unused_lines};
use super::progress::ProgressLines;
use super::server_flags::CeilingFlags;
use super::signals::Signals;
use super::source::SyncSource;
use crate::config::{Secret, parse_duration};
use crate::sync::{
    ClientOptions, ConnectorClient, Continuation, Destination, Event, KeySource, Summary,
    SyncOptions,
};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct SyncFlags {
    /// A connector: the folder of its sources, which is built first, a NAME.wasm with its NAME.toml next to it, the name
    /// of one in the plugins folder, or a URL
    #[arg(required = true, value_name = "CONNECTOR")]
    connector: Option<String>,
    /// The key that the connector requires [default: WELD_API_KEY]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Where rows go: a SQLite file, a folder of JSON Lines (DIR/), or - for stdout [default: NAME.sqlite]
    #[arg(long, value_name = "WHERE", value_parser = NonEmptyStringValueParser::new())]
    to: Option<String>,
    /// A table to sync; may be repeated [default: all]
    #[arg(long = "table", value_name = "TABLE")]
    tables: Vec<String>,
    /// Start over: forget the rows and states of these tables first
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    limits: LimitFlags,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// How long one answer may take
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = parse_duration)]
    timeout: Duration,
    #[command(flatten)]
    map: MapFlags,
    #[command(flatten)]
    ceilings: CeilingFlags,
    #[command(flatten)]
    compiled: CompiledFlags,
    /// Print events to stdout, as one JSON object per line
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print only warnings and errors
    #[arg(long)]
    quiet: bool,
    // At the end, since its heading also holds for what follows.
    #[command(flatten)]
    folder: FolderFlags,
    #[command(subcommand)]
    command: Option<SyncCommand>,
}

#[derive(Debug, Subcommand)]
enum SyncCommand {
    /// Show or change the states from which the next sync starts
    State(states::StateFlags),
}

/// What is said if a sync takes long to stop.
const STOPPING: &str =
    "stopping once the page that is being saved is complete; Ctrl-C again ends the command at once";

/// Syncs, or shows or changes states. `log` has the failed calls of a connector that this process serves, unless the log
/// shows them.
pub(super) async fn run(flags: SyncFlags, log: Option<LogCapture>) -> Result<(), CliError> {
    if let Some(SyncCommand::State(flags)) = flags.command {
        return states::run(flags);
    }
    let json = flags.json;
    told_as_event(json, sync_connector(flags, log).await)
}

/// Adds the event of the error that ended a command, if its output is events.
pub(super) fn told_as_event(json: bool, ended: Result<(), CliError>) -> Result<(), CliError> {
    ended.inspect_err(|error| {
        if json {
            JsonLog.error(error);
        }
    })
}

async fn sync_connector(mut flags: SyncFlags, log: Option<LogCapture>) -> Result<(), CliError> {
    let connector = flags.connector.unwrap_or_default();
    if connector.contains("://") && !flags.map.is_empty() {
        return Err(CliError::MapOfUrl);
    }
    if flags.json && flags.to.as_deref() == Some(STDOUT) {
        return Err(CliError::TwoOutputs);
    }
    flags.compiled.set(&mut flags.ceilings.config);
    let maps = flags.map.maps()?;
    let mut signals = Signals::catch()?;
    let (key, key_source) = match flags.key {
        Some(key) => (Some(Secret::new(key)), KeySource::Flag),
        None => (environment_key()?, KeySource::Variable),
    };
    let progress = match flags.quiet {
        true => ProgressLines::hidden(),
        false => ProgressLines::shown(),
    };
    let connector = ConnectorArgument::read(&connector, &flags.folder)?;
    // Building or compiling a component may take minutes.
    let source = tokio::select! {
        opened = SyncSource::open(&connector, &flags.folder, key, maps.clone(), &flags.ceilings, &progress) => opened?,
        () = signals.next() => return Err(CliError::SyncNotBegun),
    };
    let options = SyncOptions {
        tables: (!flags.tables.is_empty()).then_some(flags.tables),
        full: flags.full,
        strict: flags.strict,
        variables: source.variables.clone(),
        limits: flags.limits.limits(),
    };
    let target = Target::read(flags.to.as_deref(), &source.name)?;
    let continuation = Continuation::of(options.full, target != Target::Stdout);
    // Bars can't be drawn while rows are printed on the same screen.
    let rows_on_screen = target == Target::Stdout && std::io::stdout().is_terminal();
    let report = Report::choose(flags.json, flags.quiet, has_terminal() && !rows_on_screen)
        .strictly(options.strict);
    let client = ConnectorClient::with_options(
        &source.url,
        source.key.as_ref(),
        ClientOptions {
            answer_timeout: flags.timeout,
            key_source,
            component: source.component.clone(),
            ..ClientOptions::default()
        },
    )?;
    let for_people = report.is_for_people();
    let calls = CallNotices::of(log);
    if !flags.quiet {
        say(flags.map.announcements());
    }
    let summary = until_signaled((&mut signals, &progress), continuation, async |stopped| {
        let (destination, stop) = (target.open()?, stop_requested(stopped));
        let synced = sync_to(&client, destination, &options, (report, calls), stop).await;
        source.close().await;
        synced
    })
    .await?;
    if !flags.quiet {
        say(unused_lines(&maps));
    }
    if for_people {
        eprintln!();
        say(closing_lines(&summary, continuation, &target));
    }
    if summary.stopped {
        return Err(CliError::SyncStopped(continuation));
    }
    Ok(())
}

/// Runs a sync. The first signal drops the sender of what it receives, which asks it to stop, and `progress` says so if
/// that takes long; the second signal ends it at once.
pub(super) async fn until_signaled(
    (signals, progress): (&mut Signals, &ProgressLines),
    continuation: Continuation,
    syncing: impl AsyncFnOnce(oneshot::Receiver<()>) -> Result<Summary, CliError>,
) -> Result<Summary, CliError> {
    let (stop, stopped) = oneshot::channel();
    let signaled = async {
        signals.next().await;
        drop(stop);
        let _step = progress.begin(STOPPING.to_owned());
        signals.next().await;
    };
    tokio::select! {
        synced = syncing(stopped) => synced,
        // A write in progress is completed or undone, however the process ends.
        () = signaled => Err(CliError::SyncStopped(continuation)),
    }
}

/// What a person reads after a sync: its summary, how to continue, and where the rows are.
pub(super) fn closing_lines(
    summary: &Summary,
    continuation: Continuation,
    target: &Target,
) -> impl Iterator<Item = String> {
    let lines = summary_lines(summary).into_iter();
    lines
        .chain(warnings_line(summary))
        .chain(limit_line(summary, continuation))
        .chain(target.left_over())
}

/// Syncs, and shows the progress and the calls that failed.
pub(super) async fn sync_to(
    client: &ConnectorClient,
    destination: Box<dyn Destination>,
    options: &SyncOptions,
    (mut report, mut calls): (Report, CallNotices),
    stop: impl Future<Output = ()>,
) -> Result<Summary, CliError> {
    let synced = crate::sync::sync(
        client,
        destination,
        options,
        |event: Event| {
            report.event(&event);
            for line in calls.event(&event) {
                report.say(&line);
            }
        },
        stop,
    )
    .await;
    for line in calls.end(synced.as_ref()) {
        report.say(&line);
    }
    report.end(synced.as_ref());
    Ok(synced?)
}

fn say(lines: impl Iterator<Item = String>) {
    for line in lines {
        eprintln!("{line}");
    }
}

/// Whether stderr is a terminal that can redraw lines.
pub(super) fn has_terminal() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
