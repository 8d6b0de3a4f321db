//! The listening sockets that the supervisor has opened for this process (sd_listen_fds(3)). They stay open while the
//! host restarts, so that no connection is refused.

use std::io;
use std::net::TcpListener;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::fs::FileType;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{AddressFamily, SocketType, getsockname, sockopt};

use super::variable::variable;
use crate::platform;

/// The number of the first passed descriptor.
const FIRST: RawFd = 3;

/// The sockets that were passed to this process.
#[derive(Debug, Default)]
pub(in crate::cli) struct PassedSockets {
    /// The socket of the public listener.
    pub(in crate::cli) public: Option<TcpListener>,
}

/// Why the passed sockets can't be used. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SocketsError {
    /// `LISTEN_FDS` is not a number.
    #[error("LISTEN_FDS is `{0}`, which is not a number of sockets")]
    Count(String),

    /// There are more sockets than listeners.
    #[error(
        "the service manager passed {0} sockets, but the host listens on one; keep one ListenStream= in the socket unit"
    )]
    Several(u32),

    /// The descriptor is not open, or not a socket.
    #[error("LISTEN_FDS announces a socket as descriptor {0}, which is not a socket")]
    NotASocket(RawFd),

    /// The socket is of another kind.
    #[error(
        "the passed socket `{0}` is not a listening TCP socket; use ListenStream= with an IP address and port, and \
         Accept=no"
    )]
    Kind(String),

    /// The system refused an operation on the socket.
    #[error("could not use the passed socket `{name}`")]
    System {
        /// The socket's name.
        name: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

impl PassedSockets {
    /// Takes the sockets that are meant for this process. Must be called once, and before the process opens files.
    ///
    /// # Errors
    ///
    /// [`SocketsError`].
    pub(in crate::cli) fn take() -> Result<Self, SocketsError> {
        let process = std::process::id().to_string();
        let is_meant = variable("LISTEN_PID").is_some_and(|id| id == process);
        let Some(count) = variable("LISTEN_FDS").filter(|_| is_meant) else {
            return Ok(Self::default());
        };
        match count.parse::<u32>() {
            Err(_) => Err(SocketsError::Count(count)),
            Ok(0) => Ok(Self::default()),
            Ok(1) => {
                let names = variable("LISTEN_FDNAMES").unwrap_or_default();
                let public = listener(take(FIRST)?, &names)?;
                Ok(Self {
                    public: Some(public),
                })
            }
            Ok(several) => Err(SocketsError::Several(several)),
        }
    }
}

/// Takes ownership of a passed descriptor, which must be a socket.
#[allow(
    unsafe_code,
    reason = "the descriptor is an open socket, passed to this process for its own use, and taken only once"
)]
fn take(number: RawFd) -> Result<OwnedFd, SocketsError> {
    // SAFETY: it is used for this one question, whose answer is an error if the descriptor is not open.
    let passed = unsafe { BorrowedFd::borrow_raw(number) };
    let kind = rustix::fs::fstat(passed).map(|found| FileType::from_raw_mode(found.st_mode));
    if kind != Ok(FileType::Socket) {
        return Err(SocketsError::NotASocket(number));
    }
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// The socket as a listener.
fn listener(socket: OwnedFd, name: &str) -> Result<TcpListener, SocketsError> {
    let failed = |error: rustix::io::Errno| SocketsError::System {
        name: name.to_owned(),
        source: error.into(),
    };
    let is_stream = sockopt::socket_type(&socket).map_err(failed)? == SocketType::STREAM;
    let address = getsockname(&socket).map_err(failed)?;
    let is_ip = [AddressFamily::INET, AddressFamily::INET6].contains(&address.address_family());
    let listens = platform::is_listening(&socket).map_err(failed)?;
    if !(is_stream && is_ip && listens) {
        return Err(SocketsError::Kind(name.to_owned()));
    }
    // The host's compilers must not hold the port open.
    fcntl_setfd(&socket, FdFlags::CLOEXEC).map_err(failed)?;
    Ok(TcpListener::from(socket))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpStream, UdpSocket};
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_listening_tcp_sockets_are_accepted() {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        let connected = TcpStream::connect(address).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let unix = UnixListener::bind(folder.path().join("socket")).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let six = TcpListener::bind("[::1]:0").ok();
        for (socket, is_accepted) in [
            (OwnedFd::from(tcp), true),
            (connected.into(), false),
            (unix.into(), false),
            (udp.into(), false),
        ]
        .into_iter()
        .chain(six.map(|six| (six.into(), true)))
        {
            match listener(socket, "web") {
                Ok(_) => assert!(is_accepted),
                Err(error) => {
                    assert!(!is_accepted);
                    assert!(error.to_string().contains("`web`"), "{error}");
                }
            }
        }
    }

    #[test]
    fn descriptor_of_a_file_is_left_alone() {
        let file = std::fs::File::open("/dev/null").unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&file);
        for number in [number, 1_000_000] {
            assert!(matches!(take(number), Err(SocketsError::NotASocket(_))));
        }
        assert!(file.metadata().is_ok());
    }
}
