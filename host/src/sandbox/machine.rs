//! The resources of the machine, and the limits of the process, that restrict sandboxes.

use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

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
            memory_maps: number(Path::new("/proc/sys/vm/max_map_count")),
            open_files: raise_open_files(),
            address_space_bytes: getrlimit(Resource::As).current,
            memory_bytes: [physical_memory(), control_groups_memory()]
                .into_iter()
                .flatten()
                .min(),
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
    if limit.current != limit.maximum {
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the limit on open files could not be raised");
        }
    }
    getrlimit(Resource::Nofile).current
}

fn physical_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The lowest limit of any control group that contains this process, in either version of control groups.
fn control_groups_memory() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    limit_of_groups(&groups, Path::new("/sys/fs/cgroup"))
}

/// Reads the lines `HIERARCHY:CONTROLLERS:PATH` of `/proc/self/cgroup` (cgroups(7)).
fn limit_of_groups(groups: &str, root: &Path) -> Option<u64> {
    let limits = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let (root, file) = if controllers.is_empty() {
            (root.to_owned(), "memory.max")
        } else if controllers.split(',').any(|name| name == "memory") {
            (root.join("memory"), "memory.limit_in_bytes")
        } else {
            return None;
        };
        let group = root.join(path.trim_start_matches('/'));
        // Within a container the path may be that of the outer machine, and only the root exists.
        group
            .ancestors()
            .take_while(|folder| folder.starts_with(&root))
            .filter_map(|folder| number(&folder.join(file)))
            .min()
    });
    limits.min()
}

/// The number in a file; `None` if the file says `max`.
fn number(path: &Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_lowest_limit_of_all_containing_groups_applies() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("memory.max", "max\n");
        write("pod/memory.max", "1000\n");
        write("pod/container/memory.max", "2000\n");
        write("memory/job/memory.limit_in_bytes", "500\n");
        write("memory/memory.limit_in_bytes", "9223372036854771712\n");
        for (groups, expected) in [
            ("0::/pod/container", Some(1000)),
            ("0::/pod", Some(1000)),
            ("0::/", None),
            ("0::/gone", None),
            ("5:devices:/\n4:cpu,memory:/job\n0::/", Some(500)),
            ("4:memory:/gone", Some(9_223_372_036_854_771_712)),
            ("nonsense", None),
            ("", None),
        ] {
            assert_eq!(limit_of_groups(groups, root.path()), expected, "{groups:?}");
        }
    }

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
        assert!(machine.memory_maps.unwrap() > 1_000, "{machine:?}");
        let files = getrlimit(Resource::Nofile);
        assert_eq!(files.current, files.maximum);
        assert_eq!(machine.open_files, files.maximum);
    }
}
