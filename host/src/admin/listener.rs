//! The admin listener's socket, on a port or at a path.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

use super::error::AdminError;
use super::socket_file::SocketFile;
use crate::config::AdminAddress;

/// A listening socket.
#[derive(Debug)]
pub(super) enum AdminListener {
    Tcp(TcpListener, SocketAddr),
    /// The listener comes first, so that it is closed before its file is removed.
    Unix(UnixListener, SocketFile),
}

/// One connection's bytes.
pub(super) trait AdminStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> AdminStream for S {}

/// A connection that was accepted.
pub(super) struct AdminConnection {
    pub(super) stream: Box<dyn AdminStream>,
    pub(super) origin: AdminOrigin,
}

/// Where a connection comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AdminOrigin {
    /// A port, which browsers can reach, from this address.
    Network(IpAddr),
    /// A socket of this user's.
    Socket,
}

impl AdminOrigin {
    /// The client's address, if it has one.
    pub(super) fn address(self) -> Option<IpAddr> {
        match self {
            Self::Network(address) => Some(address),
            Self::Socket => None,
        }
    }
}

impl AdminListener {
    /// Listens on `address`.
    ///
    /// # Errors
    ///
    /// [`AdminError`].
    pub(super) async fn bind(address: &AdminAddress) -> Result<Self, AdminError> {
        match address {
            AdminAddress::Unix(path) => {
                let (listener, file) = SocketFile::create(path).await?;
                Ok(Self::Unix(listener, file))
            }
            AdminAddress::Tcp(address) => {
                let failed = |source| AdminError::Listen {
                    address: *address,
                    source,
                };
                let listener = TcpListener::bind(address).await.map_err(failed)?;
                let address = listener.local_addr().map_err(failed)?;
                Ok(Self::Tcp(listener, address))
            }
        }
    }

    /// The address, with the port that the system chose.
    pub(super) fn address(&self) -> AdminAddress {
        match self {
            Self::Tcp(_, address) => AdminAddress::Tcp(*address),
            Self::Unix(_, file) => AdminAddress::Unix(file.path().to_owned()),
        }
    }

    /// The next connection.
    ///
    /// # Errors
    ///
    /// Any error of the system.
    pub(super) async fn accept(&self) -> io::Result<AdminConnection> {
        Ok(match self {
            Self::Tcp(listener, _) => {
                let (stream, client) = listener.accept().await?;
                // Small answers must not wait for more data.
                let _ = stream.set_nodelay(true);
                AdminConnection {
                    stream: Box::new(stream),
                    origin: AdminOrigin::Network(client.ip()),
                }
            }
            Self::Unix(listener, _) => AdminConnection {
                stream: Box::new(listener.accept().await?.0),
                origin: AdminOrigin::Socket,
            },
        })
    }
}
