//! The resources of the machine, and the limits of the process, that restrict sandboxes.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::platform;

/// The available resources; `None` if there is no limit, or it is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Machine {
    /// `vm.max_map_count`: the number of memory mappings that a process may have.
    pub memory_maps: Option<u64>,
    /// The number of files that the process may open.
    pub open_files: Option<u64>,
    /// The size of the address space that the process may reserve, in bytes.
    pub address_space_bytes: Option<u64>,
    /// The memory of the machine, or the limit of the process's control groups, in bytes.
    pub memory_bytes: Option<u64>,
}

impl Machine {
    /// Reads the resources. Raises the number of files that this process may open to its maximum.
    #[must_use]
    pub fn look() -> Self {
        Self {
            memory_maps: platform::memory_maps(),
            open_files: raise_open_files(),
            address_space_bytes: getrlimit(Resource::As).current,
            memory_bytes: platform::memory_bytes(),
        }
    }
}

/// How many threads can run at the same time on this machine, within the process's affinity and control groups. As many
/// calls compute, components compile and connectors load at once. At least one.
pub(crate) fn processors() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(processors).unwrap_or(u32::MAX)
}

/// Systems start processes with a low limit on files, for programs that can't handle many, and allow them to raise it.
fn raise_open_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let most = platform::most_open_files(limit.maximum);
    if limit.current != most {
        let raised = Rlimit {
            current: most,
            maximum: limit.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the limit on open files could not be raised");
        }
    }
    getrlimit(Resource::Nofile).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_memory_and_limits() {
        let files = getrlimit(Resource::Nofile);
        let lowered = Rlimit {
            current: files.maximum.map(|most| most.saturating_sub(1)),
            ..files
        };
        setrlimit(Resource::Nofile, lowered).unwrap();
        let machine = Machine::look();
        assert!(machine.memory_bytes.unwrap() > 1 << 20, "{machine:?}");
        let files = getrlimit(Resource::Nofile);
        assert_eq!(files.current, platform::most_open_files(files.maximum));
        assert_eq!(machine.open_files, files.current);
    }
}
