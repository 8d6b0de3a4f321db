//! The handshakes of clients that connect with TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::departure::DepartureNotice;
use super::socket::Socket;
use super::transport::{HTTP1, HTTP2};
use crate::certificates::ServedCertificate;
use crate::config::duration_text;
use crate::telemetry::catalog;

/// How long a client may take for its handshake. The connection counts as one meanwhile, as later.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The first byte of a client that speaks TLS: the type of its record (RFC 8446, section 5.1).
const HANDSHAKE_RECORD: u8 = 0x16;

/// The protocols of connections inside TLS, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [HTTP2, HTTP1];

/// The server's side of TLS.
#[derive(Clone)]
pub(super) struct ServerTls(TlsAcceptor);

/// Why a connection has no TLS.
#[derive(Debug)]
pub(super) enum HandshakeFailure {
    /// The client sends something else. It can still be answered.
    Plain(Socket),
    /// The connection can't be used any more.
    Ended,
}

impl ServerTls {
    /// The side of a server with this certificate.
    pub(super) fn new(certificate: &Arc<ServedCertificate>) -> Self {
        let config = certificate.server_config(&PROTOCOLS);
        Self(TlsAcceptor::from(Arc::new(config)))
    }

    /// Shakes hands with the client of a new connection. When the connection has to end, one that has sent nothing has no
    /// handshake, and one that has begun with it has little time left.
    ///
    /// # Errors
    ///
    /// [`HandshakeFailure`], which has been counted and logged unless the host's end is the cause.
    pub(super) async fn accept(
        &self,
        socket: Socket,
        departure: &DepartureNotice,
    ) -> Result<Box<TlsStream<Socket>>, HandshakeFailure> {
        let stream = socket.stream().clone();
        let accepting = async {
            let speaks_tls = tokio::select! {
                biased;
                speaks = speaks_tls(&stream) => speaks?,
                () = departure.due() => return Ok(Err(HandshakeFailure::Ended)),
            };
            if !speaks_tls {
                counter!(catalog::HANDSHAKE_FAILURES.name, "reason" => "plain").increment(1);
                return Ok(Err(HandshakeFailure::Plain(socket)));
            }
            tokio::select! {
                accepted = self.0.accept(socket) => accepted.map(|stream| Ok(Box::new(stream))),
                () = departure.overdue(|| Some(departure.began())) => {
                    tracing::debug!("closed a connection whose handshake had only begun");
                    Ok(Err(HandshakeFailure::Ended))
                }
            }
        };
        let (reason, cause) = match tokio::time::timeout(HANDSHAKE_TIMEOUT, accepting).await {
            Ok(Ok(accepted)) => return accepted,
            Ok(Err(error)) => ("refused", crate::report::chain(&error)),
            Err(_) => (
                "timeout",
                format!("it took longer than {}", duration_text(HANDSHAKE_TIMEOUT)),
            ),
        };
        counter!(catalog::HANDSHAKE_FAILURES.name, "reason" => reason).increment(1);
        tracing::debug!(cause, "a TLS handshake failed");
        Err(HandshakeFailure::Ended)
    }
}

/// Whether the client begins with TLS. Waits for its first byte.
async fn speaks_tls(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(first == [HANDSHAKE_RECORD]),
    }
}
