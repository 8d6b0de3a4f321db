//! How fast `weld-host sync` stores a table, and the cost of each way to show its progress.

mod form;
mod table;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Parser;
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use weld_host::cli::Cli;
use weld_host::demo::Table;

use self::form::{Form, Output};
use crate::child::Process;
use crate::handlers::{Handler, Stage};
use crate::jobs::{KEY, Work};
use crate::processes::{busy_time, usage_of_tree};
use crate::rounds::as_number;

/// Many times as long as the slowest sync so far.
const PATIENCE: Duration = Duration::from_secs(600);

/// The resources that a sync used, reported by itself, since the kernel forgets the memory of a process that has
/// ended.
#[derive(Debug, Deserialize, Serialize)]
struct Report {
    seconds: f64,
    cpu_seconds: f64,
    peak_bytes: u64,
}

/// One sync.
#[derive(Debug, Clone)]
struct Round {
    rows_per_second: f64,
    /// The time from the beginning of the process to the end of the command.
    seconds: f64,
    /// Processor time of the sync, the API and the host.
    cpu_seconds: f64,
    api_cpu_seconds: f64,
    host_cpu_seconds: f64,
    /// The peak resident memory of the sync.
    peak_bytes: u64,
    /// The share of all cores' time that went to processes other than the benchmark's: 0 to 1.
    foreign: f64,
}

/// All syncs in one form.
#[derive(Debug)]
struct Series {
    form: Form,
    rounds: Vec<Round>,
}

/// `weld-host sync` with these arguments, which writes a [`Report`] to `report`. This mode of the program is
/// measured.
///
/// # Errors
///
/// An error of the command.
pub(crate) fn run(report: &Path, words: &[OsString]) -> anyhow::Result<()> {
    let began = Instant::now();
    let command = ["weld-host", "sync"].map(OsString::from);
    Cli::try_parse_from(command.iter().chain(words))?.run()?;
    let seconds = began.elapsed().as_secs_f64();
    let usage = usage_of_tree(std::process::id())?;
    let used = Report {
        seconds,
        cpu_seconds: usage.cpu.as_secs_f64(),
        peak_bytes: usage.peak_bytes,
    };
    fs::write(report, serde_json::to_string(&used)?)?;
    Ok(())
}

/// Syncs `scale` times 325 rows in every form in turn, so that other load on the machine affects all of them. Returns
/// the table in Markdown, preceded by a line that describes it.
///
/// # Errors
///
/// A process does not start or fails, or a sync stored or showed something unexpected.
pub(crate) fn measure(rounds: usize, scale: u32) -> anyhow::Result<String> {
    let course = Course::set(scale)?;
    let mut forms = Form::ALL;
    let mut all = forms.map(|form| Series {
        form,
        rounds: Vec::new(),
    });
    for _ in 0..rounds {
        for form in forms {
            let round = course
                .sync(form)
                .with_context(|| format!("sync with {}", form.name()))?;
            let series = all.iter_mut().find(|series| series.form == form);
            series.context("every form has one")?.rounds.push(round);
        }
        // Changes the order, so that a form doesn't always follow the same one.
        forms.rotate_left(1);
    }
    Ok(table::table(course.rows, &all))
}

/// A host in front of an API, as the source of syncs.
struct Course {
    stage: Stage,
    host: Process,
    url: String,
    rows: u64,
}

impl Course {
    fn set(scale: u32) -> anyhow::Result<Self> {
        let stage = Stage::set(scale)?;
        let (host, address) = stage.start(Handler::WeldHost, None)?;
        Ok(Self {
            stage,
            host,
            url: format!("http://{address}/{}", Work::Fetch.path()),
            rows: Table::Beers.count(scale),
        })
    }

    /// Syncs into a new database, which is checked and removed.
    fn sync(&self, form: Form) -> anyhow::Result<Round> {
        let folder = tempfile::tempdir_in(self.stage.folder())?;
        let (report, database) = (folder.path().join("report"), folder.path().join("rows"));
        let mut words: Vec<OsString> = vec!["sync".into(), "--report".into(), (&report).into()];
        words.extend(["--", &self.url, "--table", Table::Beers.name(), "--to"].map(Into::into));
        words.push((&database).into());
        words.extend(form.flags().iter().map(Into::into));
        let environment = [
            ("WELD_API_KEY", KEY.to_owned()),
            ("TERM", "xterm-256color".to_owned()),
        ];
        let (output, streams) = Output::open(form, folder.path())?;

        let before = self.usage()?;
        let (busy_before, began) = (busy_time()?, Instant::now());
        let mut process =
            Process::start_on(streams, "the sync", words, &environment, folder.path())?;
        process.succeed(PATIENCE)?;
        let elapsed = began.elapsed();
        let busy = busy_time()?.saturating_sub(busy_before);
        let after = self.usage()?;

        form.check(&output.text()?, self.rows)?;
        let rows = count(&database)?;
        ensure!(rows == self.rows, "{rows} rows, not {}", self.rows);
        let report: Report = serde_json::from_str(&fs::read_to_string(&report)?)
            .context("the report of the sync")?;
        let cores = u64::try_from(std::thread::available_parallelism()?.get())?;
        let ours = after.all.saturating_sub(before.all);
        let foreign = busy.saturating_sub(ours).as_secs_f64();
        Ok(Round {
            rows_per_second: as_number(rows) / report.seconds,
            seconds: report.seconds,
            cpu_seconds: report.cpu_seconds,
            api_cpu_seconds: after.api.saturating_sub(before.api).as_secs_f64(),
            host_cpu_seconds: after.host.saturating_sub(before.host).as_secs_f64(),
            peak_bytes: report.peak_bytes,
            foreign: foreign / (elapsed.as_secs_f64() * as_number(cores)),
        })
    }

    fn usage(&self) -> anyhow::Result<Usage> {
        Ok(Usage {
            api: usage_of_tree(self.stage.api.id())?.cpu,
            host: usage_of_tree(self.host.id())?.cpu,
            all: usage_of_tree(std::process::id())?.cpu,
        })
    }
}

/// Processor time so far.
struct Usage {
    api: Duration,
    host: Duration,
    /// Of all processes of the benchmark, including those that have ended.
    all: Duration,
}

fn count(database: &Path) -> anyhow::Result<u64> {
    let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let sql = format!("SELECT count(*) FROM \"{}\"", Table::Beers.name());
    let rows: i64 = database.query_row(&sql, [], |row| row.get(0))?;
    Ok(u64::try_from(rows)?)
}
