//! Why a compiled file is not used.

use std::env::consts::{ARCH, OS};
use std::io::ErrorKind;

use crate::config::NoAnswer;
use crate::report::{escaped, size_text};
use crate::sandbox::cache_file::{EntryFault, TrustFault};
use crate::sandbox::target_cpu::TargetCpu;

/// Why a compiled file is not used. [`remedy`](Self::remedy) says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompiledFault {
    #[error("there is no such file")]
    Missing,

    /// Someone else may have put the file there.
    #[error("its folder can't be trusted: {0}")]
    Folder(TrustFault),

    /// It can't be read, or someone else may have written it.
    #[error(transparent)]
    File(#[from] EntryFault),

    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),

    #[error("it is larger than {}", size_text(*.0))]
    TooLarge(u64),

    #[error("it is truncated, or `weld-host compile` has not written it")]
    Malformed,

    #[error("its contents are damaged: their digest differs from the recorded one")]
    Digest,

    #[error("weld-host {} compiled it, and this is weld-host {}", escaped(.0), env!("CARGO_PKG_VERSION"))]
    OtherVersion(String),

    #[error(
        "it is for {} on {}, and this machine is {ARCH} on {OS}",
        escaped(system),
        escaped(architecture)
    )]
    OtherMachine {
        architecture: String,
        system: String,
    },

    #[error(
        "it is for a processor (`--cpu {}`) with {}, which this machine's lacks",
        escaped(cpu), escaped(&features.join(", "))
    )]
    OtherCpu { cpu: String, features: Vec<String> },

    #[error("it was compiled from other contents of the .wasm file")]
    OtherComponent,

    #[error("this host's engine refuses it")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CompiledFault {
    /// What to do.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Missing => {
                "run `weld-host compile` on the plugins folder, with -o DIR if the host has --compiled DIR"
            }
            Self::OtherCpu { cpu, .. } if cpu == TargetCpu::Baseline.name() => {
                "give the virtual machine a newer processor model, or run `weld-host compile --cpu native` on this machine"
            }
            Self::OtherCpu { .. } => {
                "run `weld-host compile --cpu baseline` on the plugins folder, or --cpu native on this machine"
            }
            Self::OtherVersion(_) => {
                "run `weld-host compile` of this version on the plugins folder again"
            }
            Self::OtherMachine { .. } => "run `weld-host compile` on a machine of this kind",
            Self::Folder(_) | Self::File(EntryFault::Untrusted(_)) => {
                "only this user or root may be able to write to the file and to its folder (chmod, chown)"
            }
            Self::File(EntryFault::NotAFile) => {
                "replace it by the file itself: links are not followed"
            }
            Self::File(EntryFault::Read(error)) if error.kind() == ErrorKind::PermissionDenied => {
                "make the file readable to this user"
            }
            Self::File(_) | Self::NoAnswer(_) => "the host tries again by itself",
            Self::TooLarge(_)
            | Self::Malformed
            | Self::Digest
            | Self::OtherComponent
            | Self::Engine(_) => "run `weld-host compile` on the plugins folder again",
        }
    }

    /// Whether the same file may be used later, because the system failed, or something outside of the file is the
    /// reason.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Folder(_) | Self::NoAnswer(_) => true,
            Self::File(fault) => match fault {
                EntryFault::Read(_) | EntryFault::Write(_) => true,
                EntryFault::NotAFile
                | EntryFault::Untrusted(_)
                | EntryFault::Digest
                | EntryFault::Engine(_) => false,
            },
            // A new file is a change, which the host notices.
            Self::Missing
            | Self::TooLarge(_)
            | Self::Malformed
            | Self::Digest
            | Self::OtherVersion(_)
            | Self::OtherMachine { .. }
            | Self::OtherCpu { .. }
            | Self::OtherComponent
            | Self::Engine(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_remedy_is_one_for_its_fault() {
        let read = |kind: ErrorKind| CompiledFault::from(EntryFault::Read(io::Error::from(kind)));
        let for_cpu = |cpu: TargetCpu| CompiledFault::OtherCpu {
            cpu: cpu.name().to_owned(),
            features: Vec::new(),
        };
        for (fault, expected) in [
            (read(ErrorKind::PermissionDenied), "make the file readable"),
            (read(ErrorKind::OutOfMemory), "tries again by itself"),
            (read(ErrorKind::NotADirectory), "tries again by itself"),
            (CompiledFault::Missing, "-o DIR"),
            (for_cpu(TargetCpu::Baseline), "newer processor model"),
            (for_cpu(TargetCpu::Native), "--cpu baseline"),
        ] {
            let remedy = fault.remedy();
            assert!(remedy.contains(expected), "{fault}: {remedy}");
        }
    }
}
