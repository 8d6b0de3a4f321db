//! Why the admin listener can't start.

#[cfg(test)]
mod texts;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the admin listener can't start.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The port is in use, not permitted, or the address does not exist.
    #[error(
        "the admin listener can't listen on {address}, which another server may be using; --admin chooses another address"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the system.
        #[source]
        source: io::Error,
    },

    /// Another process answers at the socket.
    #[error(
        "another process listens on the socket {}, perhaps another weld-host; stop it, or let --admin name another path", path.display()
    )]
    SocketInUse {
        /// The socket's path.
        path: PathBuf,
    },

    /// There is a file at the path, which is kept.
    #[error(
        "{} exists and is not a socket; remove it, or let --admin name another path", path.display()
    )]
    NotASocket {
        /// The path.
        path: PathBuf,
    },

    /// The socket can't be created.
    #[error(
        "the admin listener can't create the socket {}; create its folder and make it writable, or let --admin name another path", path.display()
    )]
    Socket {
        /// The socket's path.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
}
