//! `weld-host compile`: compiles the connectors of a folder ahead, for hosts that start without a compiler.

mod component;
mod folder;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;
use clap::builder::ValueHint;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::component::{CompileOutcome, ComponentJob};
use self::folder::{create, is_same, lonely_components, lonely_configurations, plugins};
use super::compile_manner::compiler_process;
use super::error::CliError;
use super::output::{printable, say};
use super::progress::ProgressLines;
use super::server_flags::{FlagKeys, ServerFlags};
use super::signals::Signals;
use crate::config::ServerConfig;
use crate::report::chain;
use crate::sandbox::{AheadCompiler, CompilerPriority, EngineSettings, TargetCpu, processors};

#[derive(Debug, Args)]
pub(super) struct CompileFlags {
    /// The folder with NAME.wasm and NAME.toml of each connector, or a single NAME.wasm
    #[arg(value_name = "DIR", value_hint = ValueHint::AnyPath, default_value = ServerConfig::PLUGINS)]
    plugins: PathBuf,
    /// The folder for NAME.wasm, NAME.toml and NAME.cwasm of each connector [default: NAME.cwasm next to NAME.wasm]
    #[arg(long, short, value_name = "DIR", value_hint = ValueHint::DirPath)]
    output: Option<PathBuf>,
    /// The processor of the machines that run the code: baseline, which all servers have, native for this machine's, or
    /// x86-64-v3
    #[arg(long, value_name = "CPU", default_value_t = TargetCpu::Baseline)]
    cpu: TargetCpu,
    #[command(flatten)]
    limits: ServerFlags<CompileKeys>,
}

/// The limits on components and their compilers.
#[derive(Debug, Clone, Copy)]
struct CompileKeys;

impl FlagKeys for CompileKeys {
    const KEYS: &'static [&'static str] = &[
        "compile-memory",
        "compile-time",
        "max-component",
        "max-memory",
    ];
}

/// What has become of the components so far.
#[derive(Default)]
struct CompileTally {
    compiled: usize,
    unchanged: usize,
    failed: usize,
    /// The size of all compiled files together.
    bytes: u64,
}

/// Compiles what is not up to date. What is complete when a signal comes stays.
pub(super) async fn run(flags: CompileFlags) -> Result<(), CliError> {
    let mut signals = Signals::catch()?;
    let config = &flags.limits.config;
    config.check()?;
    let components = plugins(&flags.plugins)?;
    let output = flags
        .output
        .as_deref()
        .filter(|output| !is_same(output, &components.folder));
    if let Some(output) = output {
        create(output)?;
        let mut lonely = lonely_components(&components, output);
        lonely.extend(lonely_configurations(&components, output));
        for left in lonely {
            eprintln!("{}", printable(&left));
        }
    }
    let process = compiler_process(config.compiling, CompilerPriority::Foreground);
    let engine = EngineSettings {
        slots: 1,
        max_memory_bytes: config.ceilings.memory_bytes,
        total_memory_bytes: config.ceilings.memory_bytes,
        keep_memory_bytes: 0,
    };
    let job = Arc::new(ComponentJob {
        compiler: AheadCompiler::new(process, flags.cpu, engine)?,
        cpu: flags.cpu,
        output: output.map(Path::to_owned),
        most_bytes: config.ceilings.component_bytes,
        progress: ProgressLines::shown(),
    });
    report_unchecked(flags.cpu);
    let places = Arc::new(Semaphore::new(processors() as usize));
    let mut running = JoinSet::new();
    for path in components.paths {
        let (job, places) = (job.clone(), places.clone());
        running.spawn(async move {
            // The semaphore is never closed.
            let _place = places.acquire_owned().await;
            let outcome = job.run(&path).await;
            (path, outcome)
        });
    }
    let mut tally = CompileTally::default();
    loop {
        let ended = tokio::select! {
            biased;
            () = signals.next() => {
                // Waits for the files that are being written.
                running.shutdown().await;
                return Err(CliError::Stopped);
            }
            ended = running.join_next() => ended,
        };
        match ended {
            Some(Ok((path, outcome))) => tally.note(&path, outcome),
            // A task ends in another way only if it panics, which has been reported.
            Some(Err(_)) => tally.failed += 1,
            None => break,
        }
    }
    say(&tally.summary(flags.cpu));
    match tally.failed {
        0 => Ok(()),
        failed => Err(CliError::CompileFailed { failed }),
    }
}

/// Says that code for another processor is not tried.
fn report_unchecked(cpu: TargetCpu) {
    let lacking = cpu.lacking();
    if !lacking.is_empty() {
        eprintln!(
            "this machine lacks {}, so it compiles for {cpu} without loading the code as a check",
            lacking.join(", ")
        );
    }
}

impl CompileTally {
    /// Counts and reports what has become of the component at this path.
    fn note(&mut self, path: &Path, outcome: Result<CompileOutcome, component::ComponentFault>) {
        match outcome {
            Ok(CompileOutcome {
                file,
                bytes,
                took,
                doubt,
            }) => {
                self.bytes = self.bytes.saturating_add(bytes);
                let file = file.display();
                match took {
                    Some(took) => {
                        self.compiled += 1;
                        say(&printable(&format!(
                            "compiled  {file}, {}, in {}",
                            size(bytes),
                            seconds(took)
                        )));
                    }
                    None => {
                        self.unchanged += 1;
                        say(&printable(&format!("unchanged {file}, {}", size(bytes))));
                    }
                }
                if let Some(doubt) = doubt {
                    let doubt = format!("weld-host: no host will use {file} here: {doubt}");
                    eprintln!("{}", printable(&doubt));
                }
            }
            Err(fault) => {
                self.failed += 1;
                let path = path.display();
                let reason = format!("weld-host: {path} was not compiled: {}", chain(&fault));
                eprintln!("{}", printable(&reason));
            }
        }
    }

    fn summary(&self, cpu: TargetCpu) -> String {
        let Self {
            compiled,
            unchanged,
            failed,
            bytes,
        } = self;
        let failed = match failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let size = size(*bytes);
        format!(
            "{compiled} compiled, {unchanged} unchanged{failed}; {size} of code for --cpu {cpu}"
        )
    }
}

fn size(bytes: u64) -> String {
    ByteSize(bytes).display().iec().to_string()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
