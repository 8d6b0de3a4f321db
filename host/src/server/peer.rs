//! Detects whether the other end of a connection is still there.
//!
//! hyper notices a disconnected client as long as it reads from the connection. It stops reading once there are bytes
//! after the request, such as a stray line break or the next request. A call would then run for as long as a page may
//! take, although nobody needs it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::TcpStream;

use crate::platform;

/// How often a connection is checked while its request is answered. A check takes a microsecond.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// When the system first probes a silent client, and the interval between further probes. A machine that lost its
/// power sends nothing on its own.
const KEEP_ALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// Checks a connection independently of hyper, which reads and writes it.
#[derive(Debug, Clone)]
pub(super) struct Peer(Arc<TcpStream>);

impl Peer {
    /// The client of `stream`, which the system probes from now on.
    ///
    /// # Errors
    ///
    /// Any error of the system.
    pub(super) fn of(socket: Arc<TcpStream>) -> io::Result<Self> {
        sockopt::set_socket_keepalive(&socket, true)?;
        sockopt::set_tcp_keepidle(&socket, KEEP_ALIVE_IDLE)?;
        sockopt::set_tcp_keepintvl(&socket, KEEP_ALIVE_INTERVAL)?;
        Ok(Self(socket))
    }

    /// Waits until the client has closed its side, or the connection is broken.
    pub(super) async fn gone(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if platform::has_hung_up(&*self.0) {
                return;
            }
        }
    }
}
