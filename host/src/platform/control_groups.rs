//! The memory limit of Linux's control groups.

use std::path::Path;

/// The lowest limit of any control group that contains this process, in either version of control groups.
pub(super) fn memory_limit() -> Option<u64> {
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
pub(super) fn number(path: &Path) -> Option<u64> {
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
}
