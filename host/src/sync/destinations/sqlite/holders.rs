//! Who keeps a SQLite file locked, as the system tells it.

use std::fs;
use std::path::Path;

use super::super::holder::{LockHolder, RunningProgram};
use super::super::identity::FileIdentity;
use super::place::beside;
use crate::report;

/// Every lock of the machine, on Linux; other systems tell none.
const LOCKS: &str = "/proc/locks";

/// The bytes of the `-shm` file by which one writes, checkpoints or recovers; those behind them are for readers
/// (sqlite.org/walformat.html).
const LAST_WRITER_BYTE: u64 = 122;

/// Other processes that lock the file against writing; where there are none, those that lock it for reading.
pub(super) fn holders(path: &Path) -> LockHolder {
    let (file, index) = (inode(path), inode(&beside(path, "-shm")));
    let locks = held_locks();
    let mut found = pids(&locks, |lock| {
        lock.writes
            && (Some(lock.inode) == file
                || (Some(lock.inode) == index && lock.first_byte <= LAST_WRITER_BYTE))
    });
    if found.is_empty() {
        found = pids(&locks, |lock| Some(lock.inode) == file);
    }
    LockHolder::Programs(found.into_iter().map(program).collect())
}

/// Whether other processes have the file open, where the system tells: with a log, each locks it for reading all the time.
pub(super) fn has_readers(path: &Path) -> bool {
    let file = inode(path);
    !pids(&held_locks(), |lock| Some(lock.inode) == file).is_empty()
}

fn inode(path: &Path) -> Option<u64> {
    FileIdentity::at(path).map(FileIdentity::inode).ok()
}

fn held_locks() -> Vec<HeldLock> {
    let locks = fs::read_to_string(LOCKS).unwrap_or_default();
    locks.lines().filter_map(HeldLock::parse).collect()
}

/// The processes besides this one that hold such locks.
fn pids(locks: &[HeldLock], is_in_the_way: impl Fn(&HeldLock) -> bool) -> Vec<u32> {
    let own = std::process::id();
    let mut pids: Vec<u32> = locks
        .iter()
        .filter(|lock| lock.pid != own && is_in_the_way(lock))
        .map(|lock| lock.pid)
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// A line of the system's list of locks.
#[derive(Debug, PartialEq, Eq)]
struct HeldLock {
    pid: u32,
    writes: bool,
    inode: u64,
    first_byte: u64,
}

impl HeldLock {
    /// Reads `1: POSIX  ADVISORY  WRITE 3568 fd:00:2531452 0 EOF`. None for one that somebody only waits for.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace().skip(3);
        let kind = words.next()?;
        let pid = words.next()?.parse().ok()?;
        let inode = words.next()?.rsplit(':').next()?.parse().ok()?;
        let first_byte = words.next()?.parse().ok()?;
        Some(Self {
            pid,
            writes: kind == "WRITE",
            inode,
            first_byte,
        })
    }
}

fn program(pid: u32) -> RunningProgram {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok();
    RunningProgram {
        pid,
        name: name.map(|name| report::escaped(name.trim()).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_system_are_read() {
        let lock = |pid, writes, inode, first_byte| HeldLock {
            pid,
            writes,
            inode,
            first_byte,
        };
        for (line, expected) in [
            (
                "1: POSIX  ADVISORY  WRITE 3568 fd:00:2531452 0 EOF",
                Some(lock(3568, true, 2_531_452, 0)),
            ),
            (
                "21: POSIX  ADVISORY  READ 12 08:01:77 1073741826 1073742335",
                Some(lock(12, false, 77, 1_073_741_826)),
            ),
            (
                "1: -> POSIX  ADVISORY  WRITE 3568 fd:00:2531452 0 EOF",
                None,
            ),
            ("2: OFDLCK ADVISORY  READ  -1 00:06:1029 0 EOF", None),
            ("", None),
        ] {
            assert_eq!(HeldLock::parse(line), expected, "{line}");
        }
    }
}
