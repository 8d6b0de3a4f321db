//! Finds the processes that lock a SQLite file.

use std::path::Path;

use super::super::holder::{LockHolder, RunningProgram};
use super::super::identity::FileIdentity;
use super::place::beside;
use crate::platform;
use crate::report;

/// The last byte of the `-shm` file that is locked to write, checkpoint or recover. Later bytes are for readers
/// (sqlite.org/walformat.html).
const LAST_WRITER_BYTE: u64 = 122;

/// Other processes that lock the file for writing, or else those that lock it for reading.
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

/// Whether other processes have the file open, if the system says. With a write-ahead log, each of them always has a
/// read lock.
pub(super) fn has_readers(path: &Path) -> bool {
    let file = inode(path);
    !pids(&held_locks(), |lock| Some(lock.inode) == file).is_empty()
}

fn inode(path: &Path) -> Option<u64> {
    FileIdentity::at(path).map(FileIdentity::inode).ok()
}

fn held_locks() -> Vec<HeldLock> {
    platform::locks_of_files()
        .lines()
        .filter_map(HeldLock::parse)
        .collect()
}

/// The other processes that hold matching locks.
fn pids(locks: &[HeldLock], is_relevant: impl Fn(&HeldLock) -> bool) -> Vec<u32> {
    let own = std::process::id();
    let mut pids: Vec<u32> = locks
        .iter()
        .filter(|lock| lock.pid != own && is_relevant(lock))
        .map(|lock| lock.pid)
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// A line in the system's list of locks.
#[derive(Debug, PartialEq, Eq)]
struct HeldLock {
    pid: u32,
    writes: bool,
    inode: u64,
    first_byte: u64,
}

impl HeldLock {
    /// Reads `1: POSIX  ADVISORY  WRITE 3568 fd:00:2531452 0 EOF`. `None` for a lock that a process
    /// is only waiting for.
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
    let name = platform::program_of(pid);
    RunningProgram {
        pid,
        name: name.map(|name| report::escaped(name.trim()).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_lock_list_are_parsed() {
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
