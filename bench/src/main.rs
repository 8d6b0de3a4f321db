//! Measures the cost of the sandbox: weld-host, a handwritten handler, and functions-framework serve the same pages
//! in turn. Also measures how fast `weld-host sync` stores pages, and how a host handles many calls and many
//! connectors.
//!
//! `cargo run --release --locked -p weld-host-bench`; `docs/benchmarks.md` explains the output. Servers and load
//! generator are separate processes, all of this program in its modes.
//!
//! Any error ends the run, and no code distinguishes them, so all errors are `anyhow`'s.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints"
)]

mod adapted;
mod arguments;
mod author;
mod child;
mod crowd;
mod handlers;
mod jobs;
mod lambda;
mod languages;
mod large;
mod load;
mod lone;
mod machine;
mod native;
mod processes;
mod python;
mod reload;
mod rounds;
mod servers;
mod start;
mod sync;
mod table;
mod terminal;
mod thousand;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use arguments::Arguments;
use crowd::{Crowd, Probes};
use handlers::{Handler, Stage};
use jobs::{Job, Work};
use load::Load;
use python::Python;
use rounds::Extent;

/// How many times per second a connector is called while it is replaced.
const CALLS_PER_SECOND: u32 = 200;

/// The modes in which this program starts itself.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
enum Mode {
    /// The demo API
    #[command(hide = true)]
    Api {
        #[arg(long)]
        scale: u32,
    },
    /// weld-host
    #[command(hide = true)]
    Host {
        plugins: PathBuf,
        cache: PathBuf,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        flags: Vec<OsString>,
    },
    /// The native handler
    #[command(hide = true)]
    Native { api: SocketAddr },
    /// The load generator
    #[command(hide = true)]
    Load(Load),
    /// Clients of which there are more than a host can serve at once
    #[command(hide = true)]
    Crowd(Crowd),
    /// A handler that does nothing
    #[command(hide = true)]
    Bare,
    /// Probes of the host and of the bare handler
    #[command(hide = true)]
    Probes(Probes),
    /// weld-host as a function of AWS Lambda
    #[command(hide = true)]
    Function,
    /// weld-host sync, with these arguments
    #[command(hide = true)]
    Sync {
        /// Where to write what it used
        #[arg(long)]
        report: PathBuf,
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// weld-host, with these arguments
    #[command(hide = true)]
    Command {
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// Another program
    #[command(hide = true)]
    Exec {
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// The process that a host in this program starts to compile a component.
    #[command(name = "__compiler", hide = true)]
    Compiler,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match &arguments.mode {
        None => compare(&arguments),
        Some(mode) => {
            child::end_with_parent()?;
            mode.run()
        }
    }
}

impl Mode {
    fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Api { scale } => servers::serve_api(*scale),
            Self::Host {
                plugins,
                cache,
                flags,
            } => servers::serve_host(plugins, cache, flags),
            Self::Native { api } => servers::serve_native(*api),
            Self::Load(load) => {
                let outcome = load::generate(load)?;
                println!("{}", serde_json::to_string(&outcome)?);
                Ok(())
            }
            Self::Crowd(crowd) => crowd::run_client(crowd),
            Self::Bare => servers::serve_bare(),
            Self::Probes(probes) => crowd::run_prober(probes),
            Self::Function => lambda::run(),
            Self::Sync { report, words } => sync::run(report, words),
            Self::Command { words } => servers::run_command(words),
            Self::Exec { words } => child::exec(words),
            Self::Compiler => Ok(weld_host::sandbox::serve_as_compiler()?),
        }
    }
}

/// Measures every requested job, and prints a table for each as soon as it is finished.
fn compare(arguments: &Arguments) -> anyhow::Result<()> {
    let extent = arguments.extent();
    let jobs = arguments.jobs();
    let pages: Vec<Work> = jobs
        .iter()
        .filter_map(|job| match job {
            Job::Page(work) => Some(*work),
            Job::Sync
            | Job::Overload
            | Job::Asleep
            | Job::Probes
            | Job::Thousand
            | Job::Reload
            | Job::Large
            | Job::Lambda
            | Job::Languages
            | Job::Start
            | Job::Adapted => None,
        })
        .collect();
    let functions = pages.contains(&Work::Fetch) || jobs.contains(&Job::Adapted);
    let python = if functions && !arguments.no_python {
        Python::find()?
    } else {
        None
    };
    println!(
        "{}",
        machine::description(python.as_ref().map(|python| python.versions.as_str()))?
    );
    print!("- medians over {} rounds", extent.rounds);
    if pages.is_empty() {
        println!("\n");
    } else {
        println!(
            ", for pages of {:?} each, after {:?} that don't count\n",
            extent.measure, extent.warm_up
        );
        compare_pages(&pages, python.as_ref(), arguments.connections, extent)?;
    }
    for job in jobs {
        let table = match job {
            Job::Page(_) => continue,
            Job::Sync => sync::measure(extent.rounds, arguments.sync_scale())?,
            Job::Overload => crowd::measure_overload(arguments.slots(), extent.measure)?,
            Job::Asleep => crowd::measure_asleep(arguments.sleepers(), extent.measure)?,
            Job::Probes => {
                crowd::measure_probes(arguments.slots(), arguments.sleepers(), extent.measure)?
            }
            Job::Thousand => thousand::measure(extent.rounds, arguments.plugins())?,
            Job::Reload => {
                reload::measure(CALLS_PER_SECOND, arguments.versions(), arguments.reloads())?
            }
            Job::Large => large::measure(arguments.copies())?,
            Job::Lambda => lambda::measure(extent.rounds)?,
            Job::Languages => languages::measure(extent)?,
            Job::Start => start::measure(extent.rounds)?,
            Job::Adapted => adapted::measure(python.as_ref(), arguments.connections, extent)?,
        };
        println!("{table}\n");
    }
    Ok(())
}

fn compare_pages(
    pages: &[Work],
    python: Option<&Python>,
    most_connections: u32,
    extent: Extent,
) -> anyhow::Result<()> {
    // 325 beers for each unit of scale: four full pages, and each connection has its own page.
    let stage = Stage::set(most_connections.div_ceil(4).max(1))?;
    for &work in pages {
        let mut handlers = Handler::RUST.to_vec();
        if work == Work::Fetch && python.is_some() {
            handlers.extend(Handler::python(std::thread::available_parallelism()?.get()));
        }
        for connections in work.connections(most_connections) {
            let all = rounds::measure(&stage, python, &handlers, work, connections, extent)?;
            let bytes = all.first().map_or(0, |series| series.answer_bytes);
            println!(
                "`{work}`, {connections} connection{}, answers of {:.1} KiB; others had {:.0} % of the machine\n",
                if connections == 1 { "" } else { "s" },
                f64::from(u32::try_from(bytes)?) / 1024.0,
                table::foreign_percent(&all),
            );
            println!("{}\n", table::table(&all));
        }
    }
    Ok(())
}
