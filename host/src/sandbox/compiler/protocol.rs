//! The messages between a host and its compiler process: one request on the compiler's stdin, one answer on its stdout.
//!
//! ```text
//! request = greeting  memory: u64  cpu-seconds: u64  text(component)
//! answer  = greeting  kind: u8  text(payload)
//! greeting = "weldcomp"  length: u32  version
//! text    = length: u64  bytes
//! ```
//!
//! Numbers are little-endian. The greeting is the same in all versions, so that programs of different versions can
//! detect that. Lengths come first and nothing may follow, so that a truncated message is never taken for a complete
//! one.

use std::io::{self, Read, Write};

/// The version that both programs must have: it determines this protocol, and the format of compiled code.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

const MAGIC: [u8; 8] = *b"weldcomp";
const MAX_VERSION_BYTES: u32 = 256;

/// The most bytes of an answer in addition to its payload.
pub(super) const MAX_HEAD_BYTES: u64 = 8 + 4 + MAX_VERSION_BYTES as u64 + 1 + 8;

const COMPILED: u8 = 0;
const REFUSED: u8 = 1;
const OUT_OF_MEMORY: u8 = 2;

/// The limits that the compiler sets on itself before it reads the component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CompilerAllowance {
    pub(super) memory_bytes: u64,
    /// For all its threads together.
    pub(super) cpu_seconds: u64,
}

/// The compiler's answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CompilerAnswer<'a> {
    /// The compiled code.
    Compiled(&'a [u8]),
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

/// The part of a request before the component.
pub(super) fn request_head(allowance: CompilerAllowance, component_bytes: u64) -> Vec<u8> {
    let mut head = greeting(VERSION);
    head.extend(allowance.memory_bytes.to_le_bytes());
    head.extend(allowance.cpu_seconds.to_le_bytes());
    head.extend(component_bytes.to_le_bytes());
    head
}

/// Reads a request up to its component. Returns the limits, and the component's length in bytes.
pub(super) fn read_request_head(
    input: &mut impl Read,
) -> Result<(CompilerAllowance, u64), ProtocolFault> {
    read_greeting(input)?;
    let allowance = CompilerAllowance {
        memory_bytes: read_number(input)?,
        cpu_seconds: read_number(input)?,
    };
    Ok((allowance, read_number(input)?))
}

/// Reads `length` bytes, and checks that nothing follows.
pub(super) fn read_rest(input: &mut impl Read, length: u64) -> Result<Vec<u8>, ProtocolFault> {
    let mut bytes = Vec::new();
    let read = input
        .take(length.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(ProtocolFault::CutShort)?;
    match (read as u64).cmp(&length) {
        std::cmp::Ordering::Less => {
            Err(ProtocolFault::CutShort(io::ErrorKind::UnexpectedEof.into()))
        }
        std::cmp::Ordering::Equal => Ok(bytes),
        std::cmp::Ordering::Greater => Err(ProtocolFault::Garbled),
    }
}

impl CompilerAnswer<'_> {
    pub(super) fn write(&self, output: &mut impl Write) -> io::Result<()> {
        let (kind, payload) = match self {
            Self::Compiled(code) => (COMPILED, *code),
            Self::Refused(reason) => (REFUSED, reason.as_bytes()),
            Self::OutOfMemory => (OUT_OF_MEMORY, &[][..]),
        };
        output.write_all(&greeting(VERSION))?;
        output.write_all(&[kind])?;
        output.write_all(&(payload.len() as u64).to_le_bytes())?;
        output.write_all(payload)?;
        output.flush()
    }
}

/// Reads a whole answer.
pub(super) fn read_answer(mut bytes: &[u8]) -> Result<CompilerAnswer<'_>, ProtocolFault> {
    let input = &mut bytes;
    read_greeting(input)?;
    let [kind] = read_bytes(input)?;
    let length = read_number(input)?;
    let payload = *input;
    if (payload.len() as u64) < length {
        return Err(ProtocolFault::CutShort(io::ErrorKind::UnexpectedEof.into()));
    }
    match (kind, std::str::from_utf8(payload)) {
        _ if payload.len() as u64 > length => Err(ProtocolFault::Garbled),
        (COMPILED, _) => Ok(CompilerAnswer::Compiled(payload)),
        (REFUSED, Ok(reason)) => Ok(CompilerAnswer::Refused(reason)),
        (OUT_OF_MEMORY, Ok("")) => Ok(CompilerAnswer::OutOfMemory),
        _ => Err(ProtocolFault::Garbled),
    }
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
mod tests {
    use super::*;

    fn written(answer: &CompilerAnswer<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        answer.write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn written_messages_can_be_read() {
        let allowance = CompilerAllowance {
            memory_bytes: 1 << 40,
            cpu_seconds: 7,
        };
        let mut request = request_head(allowance, 4);
        request.extend(b"\0asm");
        let input = &mut request.as_slice();
        assert_eq!(read_request_head(input).unwrap(), (allowance, 4));
        assert_eq!(read_rest(input, 4).unwrap(), b"\0asm");
        for answer in [
            CompilerAnswer::Compiled(b"\x7fELF"),
            CompilerAnswer::Compiled(b""),
            CompilerAnswer::Refused("grüße"),
            CompilerAnswer::OutOfMemory,
        ] {
            assert_eq!(read_answer(&written(&answer)).unwrap(), answer);
        }
    }

    #[test]
    fn a_part_of_an_answer_is_never_taken_for_a_complete_one() {
        for answer in [
            CompilerAnswer::Compiled(b"\x7fELF\0\0"),
            CompilerAnswer::Refused("reason"),
        ] {
            let whole = written(&answer);
            for end in 0..whole.len() {
                let part = read_answer(&whole[..end]);
                assert!(
                    matches!(part, Err(ProtocolFault::CutShort(_))),
                    "{end}: {part:?}"
                );
            }
            let longer = [&whole[..], b"\0"].concat();
            assert!(matches!(read_answer(&longer), Err(ProtocolFault::Garbled)));
        }
    }

    #[test]
    fn a_part_of_a_component_is_never_compiled() {
        for (bytes, length) in [(&b"\0as"[..], 4), (b"", 1), (b"\0asm\x01", 4)] {
            assert!(read_rest(&mut &bytes[..], length).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn programs_of_different_versions_detect_that() {
        let mut foreign = greeting("9.9.9\n");
        foreign.extend([0xff; 3]);
        for read in [
            read_request_head(&mut foreign.as_slice()).map(drop),
            read_answer(&foreign).map(drop),
        ] {
            assert!(
                matches!(&read, Err(ProtocolFault::OtherVersion(version)) if version == "9.9.9\\u{a}"),
                "{read:?}"
            );
        }
    }

    #[test]
    fn bytes_that_are_not_an_answer_are_malformed() {
        let head = greeting(VERSION);
        let unknown_kind = [&head[..], &[9], &0_u64.to_le_bytes()].concat();
        let no_text = [&head[..], &[REFUSED], &1_u64.to_le_bytes(), b"\xff"].concat();
        let endless_version = [&MAGIC[..], &u32::MAX.to_le_bytes()].concat();
        for bytes in [
            &unknown_kind[..],
            &no_text,
            &endless_version,
            b"weld-host 0.1.0",
        ] {
            let read = read_answer(bytes);
            assert!(matches!(read, Err(ProtocolFault::Garbled)), "{read:?}");
        }
    }
}
