//! The compiler's side: a process that compiles one component and ends.

use std::io::{self, Read, Write};

use rustix::process::{Resource, Rlimit, Signal};
use wasmtime::Engine;

use super::protocol::{
    CompilerAllowance, CompilerAnswer, ProtocolFault, read_request_head, read_rest,
};
use crate::report;
use crate::sandbox::engine::compiler_config;

/// How much less of the processor it gets than the host that serves meanwhile: a tenth, where both want all. At 19 it
/// would get a hundredth, and a busy host would never see its new connector. Disk priority follows it.
const NICE: i32 = 10;

/// How willingly the kernel ends it, out of 1000, if the machine runs out of memory: before any host.
const OOM_SCORE: &str = "1000";

/// The longest reason that is told.
const MAX_REASON_BYTES: usize = 4 << 10;

/// Why a compiler process had no answer. What is wrong with a component is an answer.
#[derive(Debug, thiserror::Error)]
pub enum CompilerProcessError {
    /// It can't bound itself.
    #[error("the compiler can't set its own limits")]
    Limits(#[source] io::Error),

    /// Stdin has no whole request: a person started it, or the host is gone.
    #[error("this command is for the host itself: stdin is no request to compile")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),

    /// The host is of another version, and is told so.
    #[error("the host is of version {0}")]
    OtherVersion(String),

    /// The engine did not start.
    #[error("the compiler did not start")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),

    /// The host takes no answer.
    #[error("the answer could not be written")]
    Answer(#[source] io::Error),
}

/// Compiles the component that stdin asks for, onto stdout: what the program of a
/// [`CompilerProcess`](super::CompilerProcess) must do, and do before anything else. Bounds the whole process it runs
/// in, which should end afterwards.
///
/// # Errors
///
/// [`CompilerProcessError`], for the exit status and stderr, which the host reads too.
pub fn serve_as_compiler() -> Result<(), CompilerProcessError> {
    step_back().map_err(CompilerProcessError::Limits)?;
    answer(&mut io::stdin().lock(), &mut io::stdout().lock())
}

fn answer(input: &mut impl Read, output: &mut impl Write) -> Result<(), CompilerProcessError> {
    let wrong = |malformed| match malformed {
        ProtocolFault::OtherVersion(version) => CompilerProcessError::OtherVersion(version),
        malformed => CompilerProcessError::Request(malformed.into()),
    };
    let (allowance, component_bytes) = match read_request_head(input) {
        Ok(head) => head,
        Err(malformed) => {
            if matches!(malformed, ProtocolFault::OtherVersion(_)) {
                // The greeting alone tells the host whom it talks to.
                CompilerAnswer::Refused("")
                    .write(output)
                    .map_err(CompilerProcessError::Answer)?;
            }
            return Err(wrong(malformed));
        }
    };
    limit(allowance).map_err(CompilerProcessError::Limits)?;
    let wasm = read_rest(input, component_bytes).map_err(wrong)?;
    let engine = Engine::new(&compiler_config())
        .map_err(|error| CompilerProcessError::Engine(error.into_boxed_dyn_error()))?;
    match engine.precompile_component(&wasm) {
        Ok(code) => CompilerAnswer::Compiled(&code).write(output),
        Err(error) if error.is::<wasmtime::OutOfMemory>() => {
            CompilerAnswer::OutOfMemory.write(output)
        }
        Err(error) => {
            let reason = report::chain(&*error.into_boxed_dyn_error());
            CompilerAnswer::Refused(&report::shortened(&reason, MAX_REASON_BYTES)).write(output)
        }
    }
    .map_err(CompilerProcessError::Answer)
}

/// Ends with the thread that started it, and leaves processor, memory and disk to the host.
fn step_back() -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    set_limit(Resource::Core, 0, 0)?;
    rustix::process::nice(NICE)?;
    // Missing where /proc is.
    let _ = std::fs::write("/proc/self/oom_score_adj", OOM_SCORE);
    Ok(())
}

/// Of memory, what is written to is counted, not address space: each thread of the compiler reserves 64 MiB of that,
/// and uses little.
fn limit(allowance: CompilerAllowance) -> io::Result<()> {
    set_limit(
        Resource::Data,
        allowance.memory_bytes,
        allowance.memory_bytes,
    )?;
    // The first is a signal of its own, by which the host knows the reason.
    let seconds = allowance.cpu_seconds;
    set_limit(Resource::Cpu, seconds, seconds.saturating_add(1))
}

/// Never above what the process was given.
fn set_limit(resource: Resource, current: u64, maximum: u64) -> io::Result<()> {
    let given = rustix::process::getrlimit(resource).maximum;
    let within = |wanted: u64| Some(given.map_or(wanted, |given| given.min(wanted)));
    Ok(rustix::process::setrlimit(
        resource,
        Rlimit {
            current: within(current),
            maximum: within(maximum),
        },
    )?)
}
