//! Whether a program runs on Lambda's machines, and on which.

use std::fmt::{self, Display, Formatter};
use std::path::Path;

use object::Endianness;
use object::elf;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};

use super::error::{BinaryFault, PackageError};
use super::glibc::{AMAZON_LINUX, GlibcVersion};

/// The machines that Lambda has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    X86,
    Arm,
}

/// The name of the architecture in Lambda's settings.
impl Display for Architecture {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        })
    }
}

/// How a program finds the C library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// It has everything inside.
    Static,
    /// It needs this version of glibc, or a later one.
    Glibc(GlibcVersion),
}

impl Display for Linkage {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static => formatter.write_str("static"),
            Self::Glibc(version) => write!(formatter, "glibc {version}"),
        }
    }
}

/// What is known about a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BinaryFacts {
    pub(crate) architecture: Architecture,
    pub(crate) linkage: Linkage,
}

/// Examines a program.
///
/// # Errors
///
/// [`PackageError::Binary`]: it doesn't run on Lambda.
pub(super) fn examine(path: &Path, program: &[u8]) -> Result<BinaryFacts, PackageError> {
    facts(program).map_err(|fault| PackageError::Binary {
        path: path.to_owned(),
        fault,
    })
}

fn facts(program: &[u8]) -> Result<BinaryFacts, BinaryFault> {
    let file = ElfFile64::<Endianness>::parse(program).map_err(BinaryFault::NotElf)?;
    let (header, endian) = (file.elf_header(), file.endian());
    let architecture = match header.e_machine(endian) {
        elf::EM_X86_64 => Architecture::X86,
        elf::EM_AARCH64 => Architecture::Arm,
        machine => return Err(BinaryFault::Machine(machine)),
    };
    if ![elf::ET_EXEC, elf::ET_DYN].contains(&header.e_type(endian)) {
        return Err(BinaryFault::NotExecutable);
    }
    let linkage = match interpreter(header, endian, program)? {
        None => Linkage::Static,
        Some(loader) if loader.contains("/ld-linux") => {
            let needed = needed_glibc(header, endian, program)?;
            if needed > AMAZON_LINUX {
                return Err(BinaryFault::NewerGlibc {
                    needed,
                    present: AMAZON_LINUX,
                });
            }
            Linkage::Glibc(needed)
        }
        Some(loader) => return Err(BinaryFault::Loader(loader)),
    };
    Ok(BinaryFacts {
        architecture,
        linkage,
    })
}

type ElfHeader = elf::FileHeader64<Endianness>;

/// The loader that a dynamic program names; `None` for a static one.
fn interpreter(
    header: &ElfHeader,
    endian: Endianness,
    program: &[u8],
) -> Result<Option<String>, BinaryFault> {
    let segments = header
        .program_headers(endian, program)
        .map_err(BinaryFault::NotElf)?;
    let segment = segments
        .iter()
        .find(|segment| segment.p_type(endian) == elf::PT_INTERP);
    let Some(segment) = segment else {
        return Ok(None);
    };
    let path = segment.data(endian, program).unwrap_or_default();
    let path = path.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(Some(String::from_utf8_lossy(path).into_owned()))
}

/// The latest version of glibc whose symbols a dynamic program needs.
fn needed_glibc(
    header: &ElfHeader,
    endian: Endianness,
    program: &[u8],
) -> Result<GlibcVersion, BinaryFault> {
    let sections = header
        .sections(endian, program)
        .map_err(BinaryFault::NotElf)?;
    let mut latest = GlibcVersion::FIRST;
    let needs = sections
        .gnu_verneed(endian, program)
        .map_err(BinaryFault::NotElf)?;
    let Some((mut needs, link)) = needs else {
        return Ok(latest);
    };
    let strings = sections
        .strings(endian, program, link)
        .map_err(BinaryFault::NotElf)?;
    while let Some((_, mut versions)) = needs.next().map_err(BinaryFault::NotElf)? {
        while let Some(version) = versions.next().map_err(BinaryFault::NotElf)? {
            let name = version.name(endian, strings).map_err(BinaryFault::NotElf)?;
            latest = latest.max(GlibcVersion::of(name).unwrap_or(latest));
        }
    }
    Ok(latest)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The head of a program, with its loader if it has one. It can't run.
    pub(in super::super) fn program(machine: u16, kind: u16, loader: Option<&str>) -> Vec<u8> {
        let mut head = vec![0; 64];
        head[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        head[16..18].copy_from_slice(&kind.to_le_bytes());
        head[18..20].copy_from_slice(&machine.to_le_bytes());
        head[20] = 1;
        // The segments follow the head.
        head[32] = 64;
        head[52] = 64;
        head[54] = 56;
        if let Some(loader) = loader {
            head[56] = 1;
            let mut segment = vec![0; 56];
            segment[0] = 3;
            segment[8] = 120;
            let length = u64::try_from(loader.len() + 1).unwrap();
            segment[32..40].copy_from_slice(&length.to_le_bytes());
            head.extend(segment);
            head.extend(loader.bytes());
            head.push(0);
        }
        head
    }

    #[test]
    fn programs_for_lambda_are_recognized() {
        for (machine, architecture) in [
            (elf::EM_X86_64, Architecture::X86),
            (elf::EM_AARCH64, Architecture::Arm),
        ] {
            for kind in [elf::ET_EXEC, elf::ET_DYN] {
                let found = facts(&program(machine, kind, None)).unwrap();
                let linkage = Linkage::Static;
                assert_eq!(
                    found,
                    BinaryFacts {
                        architecture,
                        linkage
                    }
                );
            }
        }
    }

    #[test]
    fn programs_for_other_systems_are_refused() {
        let (x86, dynamic) = (elf::EM_X86_64, elf::ET_DYN);
        for (program, expected) in [
            (b"#!/bin/sh\n".to_vec(), "not a program for Linux"),
            (b"MZ".to_vec(), "not a program for Linux"),
            (Vec::new(), "not a program for Linux"),
            (program(elf::EM_RISCV, dynamic, None), "machine 243"),
            (program(x86, elf::ET_REL, None), "object file"),
            (
                program(x86, dynamic, Some("/lib/ld-musl-x86_64.so.1")),
                "/lib/ld-musl-x86_64.so.1",
            ),
        ] {
            let fault = facts(&program).unwrap_err().to_string();
            assert!(fault.contains(expected), "{expected}: {fault}");
        }
    }

    #[test]
    fn own_program_needs_a_version_of_glibc() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        match facts(&own) {
            Ok(facts) => {
                assert!(
                    matches!(facts.linkage, Linkage::Glibc(version) if version > GlibcVersion::FIRST)
                )
            }
            Err(BinaryFault::NewerGlibc { needed, .. }) => assert!(needed > AMAZON_LINUX),
            Err(other) => panic!("{other}"),
        }
    }
}
