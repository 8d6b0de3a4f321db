//! The compiler's side: a process that compiles one component and exits.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustix::process::Resource;
use wasmtime::Engine;

use super::functions::FunctionStore;
use super::protocol::{
    CompilerAllowance, CompilerAnswer, ProtocolFault, RequestHead, read_component, read_functions,
    read_request_head,
};
use crate::platform;
use crate::report;
use crate::sandbox::engine::compiler_config_for;
use crate::sandbox::target_cpu::TargetCpu;

/// The longest reason that is sent to the host, in bytes.
const MAX_REASON_BYTES: usize = 4 << 10;

/// Why a compiler process has no answer. A report that the component is invalid is an answer.
#[derive(Debug, thiserror::Error)]
pub enum CompilerProcessError {
    /// Setting its own limits failed.
    #[error("the compiler can't set its own limits")]
    Limits(#[source] io::Error),

    /// Stdin has no complete request: a person started the process, or the host has exited.
    #[error("this command is only for the host itself: stdin is not a request to compile")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),

    /// The host has another version, which the answer tells it.
    #[error("the host has version {0}, which differs from the compiler's")]
    OtherVersion(String),

    /// The engine did not start.
    #[error("the compiler did not start")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),

    /// Writing the answer to the host failed.
    #[error("the answer could not be written")]
    Answer(#[source] io::Error),
}

/// Compiles the component in the request on stdin, and writes the answer to stdout. The program of a
/// [`CompilerProcess`](super::CompilerProcess) must call this before doing anything else. It limits the whole process,
/// which should exit afterward.
///
/// # Errors
///
/// [`CompilerProcessError`], for the exit status and for stderr, which the host also reads.
pub fn serve_as_compiler() -> Result<(), CompilerProcessError> {
    depend_on_host().map_err(CompilerProcessError::Limits)?;
    answer(&mut io::stdin().lock(), &mut io::stdout().lock())
}

fn answer(input: &mut impl Read, output: &mut impl Write) -> Result<(), CompilerProcessError> {
    let wrong = |malformed| match malformed {
        ProtocolFault::OtherVersion(version) => CompilerProcessError::OtherVersion(version),
        malformed => CompilerProcessError::Request(malformed.into()),
    };
    let head = match read_request_head(input) {
        Ok(head) => head,
        Err(malformed) => {
            if matches!(malformed, ProtocolFault::OtherVersion(_)) {
                // The greeting alone tells the host the compiler's version.
                CompilerAnswer::Refused("")
                    .write(output)
                    .map_err(CompilerProcessError::Answer)?;
            }
            return Err(wrong(malformed));
        }
    };
    let RequestHead {
        allowance,
        cpu,
        wants_functions,
    } = head;
    limit(allowance).map_err(CompilerProcessError::Limits)?;
    let functions = read_functions(input).map_err(wrong)?;
    let functions = wants_functions.then(|| Arc::new(FunctionStore::new(functions)));
    let wasm = read_component(input).map_err(wrong)?;
    let engine = engine(cpu, functions.clone())
        .map_err(|error| CompilerProcessError::Engine(error.into_boxed_dyn_error()))?;
    match engine.precompile_component(&wasm) {
        Ok(code) => {
            let functions = functions.and_then(|functions| functions.changed());
            let functions = functions.as_deref().unwrap_or_default();
            CompilerAnswer::Compiled {
                code: &code,
                functions,
            }
            .write(output)
        }
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

/// An engine that compiles for this processor, with these functions if there are any.
fn engine(
    cpu: Option<TargetCpu>,
    functions: Option<Arc<FunctionStore>>,
) -> wasmtime::Result<Engine> {
    let mut config = compiler_config_for(cpu)?;
    if let Some(functions) = functions {
        config.enable_incremental_compilation(functions)?;
    }
    Engine::new(&config)
}

/// Ends with the thread that started it, and before the host if memory is short.
fn depend_on_host() -> io::Result<()> {
    platform::end_with_parent()?;
    platform::set_limit(Resource::Core, 0, 0)?;
    platform::be_killed_first();
    Ok(())
}

/// Sets the priority and the limits of this process.
fn limit(allowance: CompilerAllowance) -> io::Result<()> {
    rustix::process::nice(allowance.priority.niceness())?;
    platform::limit_memory(allowance.memory_bytes)?;
    // Exceeding the first limit sends a distinct signal, by which the host recognizes the reason.
    let seconds = allowance.cpu_seconds;
    platform::set_limit(Resource::Cpu, seconds, seconds.saturating_add(1))
}
