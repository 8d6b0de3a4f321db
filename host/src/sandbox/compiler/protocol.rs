//! The messages between a host and its compiler process: one request on the compiler's stdin, one answer on its stdout.
//!
//! ```text
//! request = greeting  priority: u8  memory: u64  cpu-seconds: u64  cpu: u8  functions: u8  text(functions)
//!           text(component)
//! answer  = greeting  kind: u8  text(payload)  text(functions)
//! greeting = "weldcomp"  length: u32  version
//! text    = length: u64  bytes
//! ```
//!
//! `cpu` is the code of the processor to compile for, or 0 for the compiler's own. The functions of a request are those of an earlier compilation, if `functions` is 1; otherwise there are none, and none
//! are wanted. The functions of an answer replace them, unless they are empty.
//!
//! Numbers are little-endian. The greeting is the same in all versions, so that programs of different versions can
//! detect that. Lengths come first and nothing may follow, so that a truncated message is never taken for a complete
//! one.

use std::io::{self, Read, Write};

use super::priority::CompilerPriority;
use crate::sandbox::target_cpu::TargetCpu;

/// The version that both programs must have: it determines this protocol, and the format of compiled code.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

const MAGIC: [u8; 8] = *b"weldcomp";
const MAX_VERSION_BYTES: u32 = 256;

/// The most bytes of an answer in addition to its payload and its functions.
pub(super) const MAX_HEAD_BYTES: u64 = 8 + 4 + MAX_VERSION_BYTES as u64 + 1 + 8 + 8;

const COMPILED: u8 = 0;
const REFUSED: u8 = 1;
const OUT_OF_MEMORY: u8 = 2;

/// The priority and the limits that the compiler gives itself before it reads the component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CompilerAllowance {
    pub(super) priority: CompilerPriority,
    pub(super) memory_bytes: u64,
    /// For all its threads together.
    pub(super) cpu_seconds: u64,
}

/// The part of a request before the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RequestHead {
    pub(super) allowance: CompilerAllowance,
    /// The processor to compile for; `None` for the compiler's own.
    pub(super) cpu: Option<TargetCpu>,
    pub(super) wants_functions: bool,
}

/// The compiler's answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CompilerAnswer<'a> {
    /// The compiled code, and the functions to be kept instead of the known ones; they are empty if there is no reason
    /// to replace those.
    Compiled { code: &'a [u8], functions: &'a [u8] },
    /// Why the component can't be compiled, with all causes.
    Refused(&'a str),
    /// The compiler itself detected that it has too little memory.
    OutOfMemory,
}

/// Why bytes are not a request or an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProtocolFault {
    #[error("it comes from another version, {0}")]
    OtherVersion(String),
    #[error("it is truncated")]
    CutShort(#[source] io::Error),
    #[error("it is malformed")]
    Garbled,
}

impl RequestHead {
    /// Its form in a request. Functions and component come next, each of the two with its length first.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut head = greeting(VERSION);
        head.push(self.allowance.priority.code());
        head.extend(self.allowance.memory_bytes.to_le_bytes());
        head.extend(self.allowance.cpu_seconds.to_le_bytes());
        head.push(self.cpu.map_or(0, TargetCpu::code));
        head.push(u8::from(self.wants_functions));
        head
    }
}

/// The length of a text, as it comes before it.
pub(super) fn text_head(text: &[u8]) -> [u8; 8] {
    (text.len() as u64).to_le_bytes()
}

/// Reads a request up to its functions.
pub(super) fn read_request_head(input: &mut impl Read) -> Result<RequestHead, ProtocolFault> {
    read_greeting(input)?;
    let [priority] = read_bytes(input)?;
    let allowance = CompilerAllowance {
        priority: CompilerPriority::of_code(priority).ok_or(ProtocolFault::Garbled)?,
        memory_bytes: read_number(input)?,
        cpu_seconds: read_number(input)?,
    };
    let cpu = match read_bytes(input)? {
        [0] => None,
        [code] => Some(TargetCpu::of_code(code).ok_or(ProtocolFault::Garbled)?),
    };
    let wants_functions = match read_bytes(input)? {
        [0] => false,
        [1] => true,
        _ => return Err(ProtocolFault::Garbled),
    };
    Ok(RequestHead {
        allowance,
        cpu,
        wants_functions,
    })
}

/// Reads the functions of a request.
pub(super) fn read_functions(input: &mut impl Read) -> Result<Vec<u8>, ProtocolFault> {
    read_text(input)
}

/// Reads the component of a request, and checks that nothing follows.
pub(super) fn read_component(input: &mut impl Read) -> Result<Vec<u8>, ProtocolFault> {
    let component = read_text(input)?;
    match input.read(&mut [0]) {
        Ok(0) => Ok(component),
        Ok(_) => Err(ProtocolFault::Garbled),
        Err(error) => Err(ProtocolFault::CutShort(error)),
    }
}

fn read_text(input: &mut impl Read) -> Result<Vec<u8>, ProtocolFault> {
    let length = read_number(input)?;
    let mut bytes = Vec::new();
    let read = input
        .take(length)
        .read_to_end(&mut bytes)
        .map_err(ProtocolFault::CutShort)?;
    if (read as u64) < length {
        return Err(ProtocolFault::CutShort(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
}

impl CompilerAnswer<'_> {
    pub(super) fn write(&self, output: &mut impl Write) -> io::Result<()> {
        let (kind, payload, functions) = match self {
            Self::Compiled { code, functions } => (COMPILED, *code, *functions),
            Self::Refused(reason) => (REFUSED, reason.as_bytes(), &[][..]),
            Self::OutOfMemory => (OUT_OF_MEMORY, &[][..], &[][..]),
        };
        output.write_all(&greeting(VERSION))?;
        output.write_all(&[kind])?;
        for text in [payload, functions] {
            output.write_all(&text_head(text))?;
            output.write_all(text)?;
        }
        output.flush()
    }
}

/// Reads a whole answer.
pub(super) fn read_answer(mut bytes: &[u8]) -> Result<CompilerAnswer<'_>, ProtocolFault> {
    let input = &mut bytes;
    read_greeting(input)?;
    let [kind] = read_bytes(input)?;
    let payload = split_text(input)?;
    let functions = split_text(input)?;
    if !input.is_empty() {
        return Err(ProtocolFault::Garbled);
    }
    match (kind, std::str::from_utf8(payload), functions) {
        (COMPILED, _, functions) => Ok(CompilerAnswer::Compiled {
            code: payload,
            functions,
        }),
        (REFUSED, Ok(reason), []) => Ok(CompilerAnswer::Refused(reason)),
        (OUT_OF_MEMORY, Ok(""), []) => Ok(CompilerAnswer::OutOfMemory),
        _ => Err(ProtocolFault::Garbled),
    }
}

/// Takes a text off the beginning of `bytes`, without a copy.
fn split_text<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], ProtocolFault> {
    let cut_short = || ProtocolFault::CutShort(io::ErrorKind::UnexpectedEof.into());
    let length = usize::try_from(read_number(bytes)?).map_err(|_| cut_short())?;
    let (text, rest) = bytes.split_at_checked(length).ok_or_else(cut_short)?;
    *bytes = rest;
    Ok(text)
}

fn greeting(version: &str) -> Vec<u8> {
    let length = u32::try_from(version.len()).unwrap_or(u32::MAX);
    [&MAGIC[..], &length.to_le_bytes(), version.as_bytes()].concat()
}

fn read_greeting(input: &mut impl Read) -> Result<(), ProtocolFault> {
    if read_bytes(input)? != MAGIC {
        return Err(ProtocolFault::Garbled);
    }
    let length = u32::from_le_bytes(read_bytes(input)?);
    if length > MAX_VERSION_BYTES {
        return Err(ProtocolFault::Garbled);
    }
    let mut version = vec![0; length as usize];
    input
        .read_exact(&mut version)
        .map_err(ProtocolFault::CutShort)?;
    if version == VERSION.as_bytes() {
        return Ok(());
    }
    let version = String::from_utf8_lossy(&version);
    Err(ProtocolFault::OtherVersion(crate::report::escaped(
        &version,
    )))
}

fn read_number(input: &mut impl Read) -> Result<u64, ProtocolFault> {
    read_bytes(input).map(u64::from_le_bytes)
}

fn read_bytes<const LENGTH: usize>(input: &mut impl Read) -> Result<[u8; LENGTH], ProtocolFault> {
    let mut bytes = [0; LENGTH];
    input
        .read_exact(&mut bytes)
        .map_err(ProtocolFault::CutShort)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
