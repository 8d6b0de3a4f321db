//! Linux: `/proc`, and the system calls that it alone has.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{
    CWD, MemfdFlags, Mode, SealFlags, StatVfs, StatVfsMountFlags, fcntl_add_seals, fstatfs,
    fstatvfs, memfd_create, mkfifoat,
};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendFlags, SocketFlags, SocketType, accept_with, socket_with, sockopt,
};
use rustix::process::{Resource, Signal, set_parent_process_death_signal};

use super::control_groups;
use super::unix::{physical_memory, real_path_by_name, set_limit};
use super::usage::ProcessUsage;

/// The program that is running. Unlike its path, this is the same file even after an upgrade has replaced it.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// What this process uses, as text.
const STATUS: &str = "/proc/self/status";

/// The kernel ends the process with the highest score, of at most 1000, if the machine runs out of memory.
const HIGHEST_SCORE: &str = "1000";

/// The flags of a write that must neither wait nor end the process.
pub(crate) const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);

/// The program that opens an address in the user's browser.
pub(crate) const BROWSER: &str = "xdg-open";

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

/// What the host can't enforce on this system, as the end of a sentence; `None` if there is nothing.
pub(crate) fn unenforced() -> Option<&'static str> {
    unenforced_with(Path::new(STATUS))
}

fn unenforced_with(status: &Path) -> Option<&'static str> {
    let is_missing = fs::metadata(status).is_err();
    is_missing.then_some(
        "/proc is not mounted: the limits of control groups and on memory maps are unknown, freed memory is not returned \
         to the system, and an upgrade of the program's file affects this process; mount it (mount -t proc proc /proc)",
    )
}

/// The file of the running program, to start it once more.
pub(crate) fn this_program() -> PathBuf {
    let path = PathBuf::from(THIS_PROGRAM);
    if fs::symlink_metadata(&path).is_ok() {
        return path;
    }
    // Without /proc, the path by which it was started.
    let started = rustix::param::linux_execfn();
    PathBuf::from(std::ffi::OsStr::from_bytes(started.to_bytes()))
}

/// A path that leads to this open file itself, even if another one is at its own path by now. Valid while `file` is
/// open.
pub(crate) fn descriptor_path(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// A copy of an open file in memory, which nobody can change, this process included.
///
/// # Errors
///
/// Any error of the system.
pub(crate) fn sealed_copy(file: &mut File) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut copy = File::from(memfd_create("weld-host-copy", flags)?);
    io::copy(file, &mut copy)?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    fcntl_add_seals(&copy, seals)?;
    Ok(copy)
}

/// The numbers by which the system knows kinds of file systems that nobody can write to: squashfs, erofs and iso9660.
const UNWRITABLE_KINDS: [i128; 3] = [0x7371_7368, 0xe0f5_e1e2, 0x9660];

/// Whether code can be mapped from the file, and stays as it is: the file system is of a kind that nobody can write to. A
/// mount that is read-only doesn't count: the same files may be writable by another path.
pub(crate) fn is_fixed_code(file: &File) -> bool {
    let is_executable = |system: StatVfs| !system.f_flag.contains(StatVfsMountFlags::NOEXEC);
    fstatfs(file).is_ok_and(|system| is_unwritable_kind(system.f_type.into()))
        && fstatvfs(file).is_ok_and(is_executable)
}

fn is_unwritable_kind(kind: i128) -> bool {
    UNWRITABLE_KINDS.contains(&kind)
}

/// The path of a file that was opened at `path`, without links. If it was removed meanwhile, the path is one that
/// doesn't exist.
///
/// # Errors
///
/// Any error of the system.
pub(crate) fn real_path(file: &File, path: &Path) -> io::Result<PathBuf> {
    match fs::read_link(descriptor_path(file)) {
        // There is no /proc.
        Err(error) if error.kind() == io::ErrorKind::NotFound => real_path_by_name(file, path),
        read => read,
    }
}

/// Lets the system kill this process when the thread that started it ends.
///
/// # Errors
///
/// Any error of the system.
pub(crate) fn end_with_parent() -> io::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// If the machine runs out of memory, the system ends this process before others.
pub(crate) fn be_killed_first() {
    // Fails if there is no /proc.
    let _ = fs::write("/proc/self/oom_score_adj", HIGHEST_SCORE);
}

/// Limits the memory that this process writes to, not its address space: each thread of glibc reserves 64 MiB of
/// addresses, and uses little. An allocation beyond the limit fails.
///
/// # Errors
///
/// Any error of the system.
pub(crate) fn limit_memory(bytes: u64) -> io::Result<()> {
    set_limit(Resource::Data, bytes, bytes)
}

/// What this process takes of the machine.
pub(crate) fn process_usage() -> ProcessUsage {
    let status = fs::read_to_string(STATUS).unwrap_or_default();
    let bytes = |key| number_of(&status, key)?.checked_mul(1024);
    let open_files = fs::read_dir("/proc/self/fd").ok();
    ProcessUsage {
        resident_bytes: bytes("VmRSS"),
        address_bytes: bytes("VmSize"),
        threads: number_of(&status, "Threads"),
        // One of them is the folder's own.
        open_files: open_files.map(|open| (open.count() as u64).saturating_sub(1)),
    }
}

/// The process's resident anonymous memory in bytes; `None` if the system doesn't report it.
pub(crate) fn heap_bytes() -> Option<u64> {
    let status = fs::read_to_string(STATUS).ok()?;
    number_of(&status, "RssAnon")?.checked_mul(1024)
}

/// The number of the line `KEY:   NUMBER …`.
fn number_of(status: &str, key: &str) -> Option<u64> {
    let rest = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// `vm.max_map_count`: the number of memory mappings that a process may have; `None` if it is not limited or unknown.
pub(crate) fn memory_maps() -> Option<u64> {
    control_groups::number(Path::new("/proc/sys/vm/max_map_count"))
}

/// The memory of the machine, or the limit of the process's control groups, in bytes.
pub(crate) fn memory_bytes() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let machine = number_of(&meminfo, "MemTotal").and_then(|kibibytes| kibibytes.checked_mul(1024));
    [
        machine.or_else(physical_memory),
        control_groups::memory_limit(),
    ]
    .into_iter()
    .flatten()
    .min()
}

/// How many files a process may open whose limit can be raised to `maximum`.
pub(crate) fn most_open_files(maximum: Option<u64>) -> Option<u64> {
    maximum
}

/// Whether the other end of a connection has closed its side, or the connection is broken. Data that nobody has read
/// yet doesn't hide it.
pub(crate) fn has_hung_up(socket: &impl AsFd) -> bool {
    let mut sockets = [PollFd::new(socket, PollFlags::RDHUP)];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let ends = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
    poll(&mut sockets, Some(&at_once)).is_ok()
        && sockets
            .iter()
            .any(|socket| socket.revents().intersects(ends))
}

/// Accepts a connection directly from the system's queue. The socket doesn't block, and programs that this process
/// starts don't get it.
///
/// # Errors
///
/// `AGAIN` if none waits, or any other error of the system.
pub(crate) fn accept(listener: &impl AsFd) -> Result<OwnedFd, Errno> {
    accept_with(listener, FLAGS)
}

/// A new Unix domain socket for connections. It doesn't block, and programs that this process starts don't get it.
///
/// # Errors
///
/// Any error of the system.
pub(crate) fn unix_stream_socket() -> Result<OwnedFd, Errno> {
    socket_with(AddressFamily::UNIX, SocketType::STREAM, FLAGS, None)
}

/// Whether connections can be accepted from this socket.
///
/// # Errors
///
/// Any error of the system.
pub(crate) fn is_listening(socket: &impl AsFd) -> Result<bool, Errno> {
    sockopt::socket_acceptconn(socket)
}

/// The address of a Unix domain socket that has a name and no file (unix(7)).
///
/// # Errors
///
/// The name is too long.
pub(crate) fn abstract_address(name: &str) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(name)
}

/// Creates a named pipe that only this user may open.
///
/// # Errors
///
/// Any error of the system.
pub(crate) fn make_fifo(path: &Path) -> io::Result<()> {
    Ok(mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR)?)
}

/// All locks on files of the machine, a line for each (proc_locks(5)); empty if the system doesn't list them.
pub(crate) fn locks_of_files() -> String {
    fs::read_to_string("/proc/locks").unwrap_or_default()
}

/// The name of a process's program; `None` if the system doesn't report it.
pub(crate) fn program_of(process: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{process}/comm")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_status_are_found_by_their_whole_key() {
        let status = "Name:\thost\nVmRSSx:\t1 kB\nVmRSS:\t  1234 kB\nThreads:\tmany\n";
        assert_eq!(number_of(status, "VmRSS"), Some(1234));
        assert_eq!(number_of(status, "Threads"), None);
        assert_eq!(number_of(status, "VmSize"), None);
    }

    #[test]
    fn only_kinds_of_file_systems_without_any_writing_are_unwritable() {
        for (kind, expected) in [
            (0x9fa0, false),      // proc
            (0x0102_1994, false), // tmpfs
            (0xef53, false),      // ext4
            (0x6969, false),      // NFS
            (0x794c_7630, false), // overlayfs
            (0x7371_7368, true),  // squashfs
            (0xe0f5_e1e2, true),  // erofs
            (0x9660, true),       // iso9660
        ] {
            assert_eq!(is_unwritable_kind(kind), expected, "{kind:x}");
        }
        // Of /sys, which containers mount read-only.
        for path in [
            "/proc/self/status",
            "/sys/kernel/mm/transparent_hugepage/enabled",
        ] {
            if let Ok(file) = File::open(path) {
                assert!(!is_fixed_code(&file), "{path}");
            }
        }
    }

    #[test]
    fn missing_proc_is_reported() {
        assert_eq!(unenforced(), None);
        let reported = unenforced_with(Path::new("/nowhere/self/status")).unwrap();
        assert!(reported.contains("/proc is not mounted"), "{reported}");
    }

    #[test]
    fn program_can_be_started_once_more_with_and_without_proc() {
        assert_eq!(this_program(), Path::new(THIS_PROGRAM));
        let started = rustix::param::linux_execfn().to_str().unwrap();
        let [started, running] =
            [started, THIS_PROGRAM].map(|path| fs::canonicalize(path).unwrap());
        assert_eq!(started, running);
    }

    #[test]
    fn machine_and_process_are_seen() {
        assert!(memory_maps().unwrap() > 1_000);
        assert!(memory_bytes().unwrap() > 1 << 20);
        assert!(heap_bytes().unwrap() > 1 << 10);
        assert_eq!(
            program_of(std::process::id()),
            fs::read_to_string("/proc/self/comm").ok()
        );
    }
}
