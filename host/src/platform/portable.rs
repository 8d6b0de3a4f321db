//! Substitutes for what Linux alone has. They work on every system of the Unix family.

use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType};

use super::unix::{physical_memory, real_path_by_name};
use super::usage::ProcessUsage;
use super::watch;

/// The flags of a write that must not wait. Rust's runtime sees to it that a write doesn't end the process.
pub(crate) const SEND_FLAGS: SendFlags = SendFlags::DONTWAIT;

/// The program that opens an address in the user's browser.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(crate) const BROWSER: &str = "xdg-open";

/// How many files a process may open on systems that accept no higher limit, though they claim to have none.
const OPEN_MAX: u64 = 10_240;

/// The signals' permissions of a new pipe: reading and writing for this user alone.
const PRIVATE: libc::mode_t = 0o600;

/// What the host can't enforce on this system, as the end of a sentence.
pub(crate) fn unenforced() -> Option<&'static str> {
    Some(
        "--compile-memory is checked only every 50 ms, limits of containers on memory are not seen, freed memory may stay \
         with the process, and an upgrade of the program's file affects this process (docs/deploy/platforms.md)",
    )
}

/// The file of the running program, to start it once more. After an upgrade it may be another version, which the host
/// notices.
pub(crate) fn this_program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| {
        let started = std::env::args_os().next();
        started.unwrap_or_default().into()
    })
}

/// A path that leads to this open file itself, even if another one is at its own path by now. Valid while `file` is
/// open.
pub(crate) fn descriptor_path(file: &File) -> PathBuf {
    format!("/dev/fd/{}", file.as_raw_fd()).into()
}

/// Only Linux has such copies.
///
/// # Errors
///
/// Always `Unsupported`.
pub(crate) fn sealed_copy(_: &mut File) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Which file systems can't be written to is known for Linux alone.
pub(crate) fn is_fixed_code(_: &File) -> bool {
    false
}

/// The path of a file that was opened at `path`, without links.
///
/// # Errors
///
/// The file was removed or replaced meanwhile, or any error of the system.
pub(crate) fn real_path(file: &File, path: &Path) -> io::Result<PathBuf> {
    real_path_by_name(file, path)
}

/// Ends this process soon after the one that started it has ended.
///
/// # Errors
///
/// No thread could be started.
pub(crate) fn end_with_parent() -> io::Result<()> {
    watch::end_with_parent()
}

/// No such order is known.
pub(crate) fn be_killed_first() {}

/// Ends this process soon after it has taken more memory, with the words of Rust's runtime for an allocation that
/// failed.
///
/// # Errors
///
/// No thread could be started.
pub(crate) fn limit_memory(bytes: u64) -> io::Result<()> {
    watch::limit_memory(bytes)
}

/// The number of open files; nothing else is known everywhere.
pub(crate) fn process_usage() -> ProcessUsage {
    ProcessUsage {
        // One of them is the folder's own.
        open_files: fs::read_dir("/dev/fd")
            .ok()
            .map(|open| (open.count() as u64).saturating_sub(1)),
        ..ProcessUsage::default()
    }
}

/// Unknown, so that the heap is never trimmed.
pub(crate) fn heap_bytes() -> Option<u64> {
    None
}

/// The number of memory mappings is not limited.
pub(crate) fn memory_maps() -> Option<u64> {
    None
}

/// The memory of the machine in bytes.
pub(crate) fn memory_bytes() -> Option<u64> {
    physical_memory()
}

/// How many files a process may open whose limit can be raised to `maximum`.
pub(crate) fn most_open_files(maximum: Option<u64>) -> Option<u64> {
    Some(maximum.map_or(OPEN_MAX, |most| most.min(OPEN_MAX)))
}

/// Whether the other end of a connection has closed its side, or the connection is broken. Data that nobody has read
/// yet may hide the former: macOS reports it nevertheless, other systems don't.
pub(crate) fn has_hung_up(socket: &impl AsFd) -> bool {
    // Without POLLIN macOS doesn't look for the end.
    let mut sockets = [PollFd::new(socket, PollFlags::IN)];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    if poll(&mut sockets, Some(&at_once)).is_err() {
        return false;
    }
    let ends = PollFlags::HUP | PollFlags::ERR;
    let found = sockets
        .iter()
        .fold(PollFlags::empty(), |all, socket| all | socket.revents());
    found.intersects(ends) || (found.contains(PollFlags::IN) && has_only_the_end(socket))
}

/// Whether there is nothing left to read but the end.
fn has_only_the_end(socket: &impl AsFd) -> bool {
    let mut byte = [0_u8; 1];
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    matches!(rustix::net::recv(socket, &mut byte[..], flags), Ok((0, _)))
}

/// Accepts a connection directly from the system's queue. The socket doesn't block, and programs that this process
/// starts don't get it, except for one that is started at this very moment.
///
/// # Errors
///
/// `AGAIN` if none waits, or any other error of the system.
pub(crate) fn accept(listener: &impl AsFd) -> Result<OwnedFd, Errno> {
    private(rustix::net::accept(listener)?)
}

/// A new Unix domain socket for connections. It doesn't block, and programs that this process starts don't get it,
/// except for one that is started at this very moment.
///
/// # Errors
///
/// Any error of the system.
pub(crate) fn unix_stream_socket() -> Result<OwnedFd, Errno> {
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    private(socket)
}

fn private(socket: OwnedFd) -> Result<OwnedFd, Errno> {
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    ioctl_fionbio(&socket, true)?;
    Ok(socket)
}

/// Whether connections can be accepted from this socket, which has an address. One that isn't listening yet begins to.
///
/// # Errors
///
/// Any error of the system.
pub(crate) fn is_listening(socket: &impl AsFd) -> Result<bool, Errno> {
    match rustix::net::getpeername(socket) {
        Err(Errno::NOTCONN) => Ok(rustix::net::listen(socket, libc::SOMAXCONN).is_ok()),
        Ok(_) | Err(Errno::INVAL) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Only Linux has such addresses.
///
/// # Errors
///
/// Always `Unsupported`.
pub(crate) fn abstract_address(_: &str) -> io::Result<SocketAddr> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "only Linux has sockets without a file",
    ))
}

/// Creates a named pipe that only this user may open.
///
/// # Errors
///
/// Any error of the system.
#[allow(
    unsafe_code,
    reason = "the call reads the path up to its final zero byte, and nothing else"
)]
pub(crate) fn make_fifo(path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    match unsafe { libc::mkfifo(path.as_ptr(), PRIVATE) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// No system but Linux lists them.
pub(crate) fn locks_of_files() -> String {
    String::new()
}

/// Unknown.
pub(crate) fn program_of(_process: u32) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    use std::time::{Duration, Instant};

    use super::*;

    /// The client's end of a connection, and the host's.
    fn connection() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    fn until(mut holds: impl FnMut() -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !holds() {
            assert!(Instant::now() < end, "still waiting");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn sealed_copies_are_known_to_be_missing() {
        let mut file = tempfile::tempfile().unwrap();
        assert!(!is_fixed_code(&file));
        let refused = sealed_copy(&mut file).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::Unsupported);
    }

    #[test]
    fn client_that_has_left_is_noticed() {
        let (client, host) = connection();
        assert!(!has_hung_up(&host));
        drop(client);
        until(|| has_hung_up(&host));
    }

    #[test]
    fn reset_is_noticed_behind_unread_data() {
        let (mut client, host) = connection();
        client.write_all(b"GET").unwrap();
        until(|| host.peek(&mut [0; 8]).is_ok_and(|bytes| bytes == 3));
        assert!(!has_hung_up(&host), "data alone doesn't count");
        rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
        drop(client);
        until(|| has_hung_up(&host));
    }

    #[test]
    fn write_to_a_full_or_closed_connection_fails_at_once() {
        let (client, host) = connection();
        let piece = vec![0; 1 << 20];
        let mut sent = Ok(0);
        until(|| {
            sent = rustix::net::send(&host, &piece, SEND_FLAGS);
            sent.is_err()
        });
        assert_eq!(sent, Err(Errno::AGAIN));
        drop(client);
        until(|| {
            sent = rustix::net::send(&host, &piece, SEND_FLAGS);
            sent != Err(Errno::AGAIN)
        });
        assert!(
            matches!(sent, Err(Errno::PIPE | Errno::CONNRESET)),
            "{sent:?}"
        );
    }

    #[test]
    fn accepted_sockets_neither_block_nor_are_inherited() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        assert_eq!(accept(&listener).unwrap_err(), Errno::AGAIN);
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut accepted = None;
        until(|| {
            accepted = accept(&listener).ok();
            accepted.is_some()
        });
        for socket in [accepted.unwrap(), unix_stream_socket().unwrap()] {
            let flags = rustix::io::fcntl_getfd(&socket).unwrap();
            assert!(flags.contains(FdFlags::CLOEXEC));
            let flags = rustix::fs::fcntl_getfl(&socket).unwrap();
            assert!(flags.contains(rustix::fs::OFlags::NONBLOCK));
        }
    }

    #[test]
    fn only_listeners_listen() {
        let (client, host) = connection();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        for (socket, expected) in [
            (OwnedFd::from(listener), true),
            (client.into(), false),
            (host.into(), false),
            (udp.into(), false),
        ] {
            assert_eq!(is_listening(&socket), Ok(expected));
        }
    }

    #[test]
    fn open_file_is_found_by_its_descriptor() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        let file = File::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(real_path(&file, &path).is_err());
        fs::write(&path, "new").unwrap();
        assert!(real_path(&file, &path).is_err());
        let mut text = String::new();
        let mut again = File::open(descriptor_path(&file)).unwrap();
        again.read_to_string(&mut text).unwrap();
        assert_eq!(text, "old");
    }

    #[test]
    fn pipe_is_for_this_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        make_fifo(&path).unwrap();
        let found = fs::metadata(&path).unwrap();
        assert!(found.file_type().is_fifo());
        assert_eq!(found.permissions().mode() & 0o077, 0);
        assert!(make_fifo(&path).is_err(), "it exists");
        assert!(make_fifo(Path::new("a\0b")).is_err());
    }

    #[test]
    fn what_can_be_known_everywhere_agrees_with_linux() {
        let linux = crate::platform::process_usage();
        assert!(process_usage().open_files.unwrap() >= 3);
        assert!(linux.open_files.unwrap() >= 3);
        assert!(memory_bytes() >= crate::platform::memory_bytes());
        let this = [this_program(), crate::platform::this_program()];
        let [portable, linux] = this.map(|path| fs::canonicalize(path).unwrap());
        assert_eq!(portable, linux);
        for (maximum, expected) in [(None, 10_240), (Some(256), 256), (Some(1 << 20), 10_240)] {
            assert_eq!(most_open_files(maximum), Some(expected));
        }
    }

    #[test]
    fn what_only_linux_knows_is_left_out() {
        assert_eq!(
            (heap_bytes(), memory_maps(), program_of(1)),
            (None, None, None)
        );
        assert_eq!(locks_of_files(), "");
        let error = abstract_address("name").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        assert!(unenforced().is_some_and(|said| said.contains("--compile-memory")));
        be_killed_first();
    }
}
