//! `weld-host run`: syncs a connector that runs natively, from its sources, without a component.

mod preview;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueHint};

use super::check::LogCapture;
use super::error::CliError;
use super::folder_build::LanguageFlag;
use super::host::stop_requested;
use super::maps::{MapFlags, unused_lines};
use super::output::{printable, say};
use super::progress::ProgressLines;
use super::proxies;
use super::server_flags::CeilingFlags;
use super::signals::Signals;
use super::sync::{
    CallNotices, LimitFlags, Report, STDOUT, Target, closing_lines, sync_to, told_as_event,
    until_signaled,
};
use super::tokens::TokenFlags;
use crate::author::native::{LineLevel, NativeError, NativeOptions, NativeServer, WorkerCommand};
use crate::config::{Ceilings, ConnectorName, parse_whole_number};
use crate::egress::HostMaps;
use crate::sync::{ClientOptions, ConnectorClient, Continuation, SyncOptions};
use preview::Preview;

/// How many rows of a table can be shown: they are kept in memory until the end.
const MOST_ROWS: usize = 1_000;

#[derive(Debug, Args)]
pub(super) struct RunFlags {
    /// The connector's folder: with app.py (Python), package.json (JavaScript, TypeScript) or Cargo.toml (Rust)
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath, default_value = ".")]
    folder: PathBuf,
    /// The connector's configuration [default: DIR/NAME.toml]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,
    /// A table to sync; may be repeated [default: all]
    #[arg(long = "table", value_name = "TABLE")]
    tables: Vec<String>,
    /// Where rows go: a SQLite file, a folder of JSON Lines (DIR/), or - for stdout [default: NAME.sqlite]
    #[arg(long, value_name = "WHERE", value_parser = NonEmptyStringValueParser::new())]
    to: Option<String>,
    /// How many rows of each table to show at the end
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = |text: &str| parse_whole_number(text, 0..=MOST_ROWS))]
    rows: usize,
    /// Start over: forget the rows and states of these tables first
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    limits: LimitFlags,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    map: MapFlags,
    /// Print events to stdout, as one JSON object per line
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print only warnings and errors
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    ceilings: CeilingFlags,
    #[command(flatten)]
    language: LanguageFlag,
    /// The command of the connector's worker, run in DIR [default: that of the folder's language]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Starts the connector's worker, syncs its tables, and shows the first rows. `log` has the connector's failed calls, unless
/// the log shows them.
pub(super) async fn run(flags: RunFlags, log: Option<LogCapture>) -> Result<(), CliError> {
    let json = flags.json;
    told_as_event(json, run_connector(flags, log).await)
}

async fn run_connector(flags: RunFlags, log: Option<LogCapture>) -> Result<(), CliError> {
    if flags.json && flags.to.as_deref() == Some(STDOUT) {
        return Err(CliError::TwoOutputs);
    }
    let mut signals = Signals::catch()?;
    let maps = flags.map.maps()?;
    let native = Native::find(&flags)?;
    let target = Target::read(flags.to.as_deref(), native.name.as_str())?;
    let continuation = Continuation::of(flags.full, target != Target::Stdout);
    // The connector prints on the same screen, where bars would be overwritten.
    let report = Report::choose(flags.json, flags.quiet, false).strictly(flags.strict);
    let for_people = report.is_for_people();
    if !flags.quiet {
        native.announce();
        flags
            .map
            .announcements()
            .for_each(|line| eprintln!("{line}"));
    }
    let ceilings = flags.ceilings.config.ceilings;
    let server = native.start(maps.clone(), ceilings, flags.quiet).await?;
    let options = SyncOptions {
        tables: (!flags.tables.is_empty()).then_some(flags.tables),
        full: flags.full,
        strict: flags.strict,
        variables: Some(server.variables.clone()),
        limits: flags.limits.limits(),
    };
    let client = ConnectorClient::with_options(
        &server.url,
        Some(&server.key),
        ClientOptions {
            component: Some(flags.folder.display().to_string()),
            ..ClientOptions::default()
        },
    )?;
    let progress = match flags.quiet {
        true => ProgressLines::hidden(),
        false => ProgressLines::shown(),
    };
    let preview = Preview::of(if for_people { flags.rows } else { 0 });
    let summary = until_signaled((&mut signals, &progress), continuation, async |stopped| {
        let destination = target.open_observed(preview.observer())?;
        let stop = stop_requested(stopped);
        let synced = sync_to(
            &client,
            destination,
            &options,
            (report, CallNotices::of(log)),
            stop,
        )
        .await;
        server.close().await;
        synced
    })
    .await?;
    if !flags.quiet {
        unused_lines(&maps).for_each(|line| eprintln!("{line}"));
    }
    if for_people {
        if target != Target::Stdout {
            preview
                .lines(screen_width())
                .iter()
                .for_each(|line| say(line));
        }
        eprintln!();
        closing_lines(&summary, continuation, &target).for_each(|line| eprintln!("{line}"));
    }
    if summary.stopped {
        return Err(CliError::SyncStopped(continuation));
    }
    Ok(())
}

/// A connector to run natively.
struct Native {
    name: ConnectorName,
    command: WorkerCommand,
    config: PathBuf,
}

impl Native {
    /// Recognizes the connector in a folder. With a command of its own, it may be in any folder.
    fn find(flags: &RunFlags) -> Result<Self, NativeError> {
        let folder = &flags.folder;
        let project = flags.language.project(folder);
        let given = WorkerCommand::given(flags.command.clone(), folder);
        let (name, command) = match (project, given) {
            (Ok(project), None) => {
                let command = WorkerCommand::of_project(&project)?;
                (project.name, command)
            }
            (Ok(project), Some(command)) => (project.name, command),
            (Err(error), None) => return Err(error.into()),
            (Err(error), Some(command)) => {
                let name = flags.config.as_deref().and_then(Path::file_stem);
                let name = name.and_then(|name| name.to_str()?.parse().ok());
                (name.ok_or(error)?, command)
            }
        };
        let config = match &flags.config {
            Some(path) if !path.exists() => return Err(NativeError::NoConfig(path.clone())),
            Some(path) => path.clone(),
            None => {
                let folder = folder.strip_prefix(".").unwrap_or(folder);
                folder.join(name.config_file())
            }
        };
        Ok(Self {
            name,
            command,
            config,
        })
    }

    fn announce(&self) {
        let config = self.config.display();
        eprintln!("$ {}", printable(&self.command.line()));
        let rules = if self.config.exists() {
            format!("the rules of {config} hold for its requests through the kit")
        } else {
            format!(
                "without {config}, it has no variables, and may send no request through the kit"
            )
        };
        let line = "running natively, not sandboxed: the code can read files and reach any host by itself; ";
        eprintln!("{}", printable(&format!("{line}{rules}")));
    }

    async fn start(
        self,
        maps: HostMaps,
        ceilings: Ceilings,
        is_quiet: bool,
    ) -> Result<NativeServer, CliError> {
        let options = NativeOptions {
            name: self.name,
            command: self.command,
            config: self.config,
            ceilings,
            maps,
            proxies: proxies::of_environment()?,
            tokens: TokenFlags::of_environment().store()?,
            environment: std::env::vars_os().collect(),
            lines: Box::new(move |level, line| {
                if level >= LineLevel::Warn || !is_quiet {
                    eprintln!("{}: {}", level_name(level), printable(line));
                }
            }),
        };
        Ok(NativeServer::start(options).await?)
    }
}

fn level_name(level: LineLevel) -> &'static str {
    match level {
        LineLevel::Debug => "debug",
        LineLevel::Info => "info",
        LineLevel::Warn => "warn",
        LineLevel::Error => "error",
    }
}

/// The width of the terminal on stdout, in characters; `None` if it is not one.
fn screen_width() -> Option<usize> {
    let stdout = std::io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&stdout).ok()?;
    Some(usize::from(size.ws_col)).filter(|width| *width > 0)
}
