//! Clients that speak TLS, and the certificates of the hosts that they connect to.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{self, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use weld_host_tests::PATIENCE;
use weld_host_tests::connection::connect_from;
use weld_host_tests::host::HostBuilder;
use weld_host_tests::http::{Kind, Message};
use weld_host_tests::weld::Request;

/// Made for these tests; they give access to nothing. All but the self-signed one are signed by the authority, whose
/// key was deleted, and belong to the key.
pub(crate) const AUTHORITY: &str = include_str!("../egress/tls/fixtures/authority.pem");
pub(crate) const GOOD: &str = include_str!("../egress/tls/fixtures/good.pem");
pub(super) const OTHER_NAME: &str = include_str!("../egress/tls/fixtures/other-name.pem");
pub(super) const EXPIRED: &str = include_str!("../egress/tls/fixtures/expired.pem");
pub(crate) const KEY: &str = include_str!("../egress/tls/fixtures/server.key");

/// A host that speaks TLS. Its certificate and key are in its plugins folder.
pub(super) fn encrypted(host: HostBuilder) -> HostBuilder {
    host.file("server.pem", GOOD)
        .file("server.key", KEY)
        .flag("--tls-cert", "server.pem")
        .flag("--tls-key", "server.key")
}

/// The settings of a client that trusts the authority and knows these protocols.
pub(super) fn client_config(protocols: &[&[u8]]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Arc::new(config)
}

/// A connection with TLS that speaks HTTP/1.1. Dropping it closes it.
pub(crate) struct TlsConnection {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
}

impl TlsConnection {
    /// Connects and shakes hands.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        Self::open_with(address, b"http/1.1")
    }

    /// The same from this address of the machine.
    pub(super) fn open_from(source: IpAddr, address: SocketAddr) -> io::Result<Self> {
        Self::over(connect_from(source, address)?, b"http/1.1")
    }

    /// Connects, and shakes hands for this protocol.
    pub(super) fn open_with(address: SocketAddr, protocol: &[u8]) -> io::Result<Self> {
        Self::over(TcpStream::connect(address)?, protocol)
    }

    /// Shakes hands on this connection for this protocol.
    pub(super) fn over(tcp: TcpStream, protocol: &[u8]) -> io::Result<Self> {
        tcp.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from("localhost").unwrap();
        let config = client_config(&[protocol]);
        let session = ClientConnection::new(config, name).unwrap();
        let mut stream = StreamOwned::new(session, tcp);
        stream.conn.complete_io(&mut stream.sock)?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a request and reads its answer.
    pub(super) fn ask(&mut self, request: &Request) -> io::Result<Message> {
        self.send(&request.bytes())?;
        self.read()
    }

    /// Sends these bytes.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// Reads the next answer.
    pub(super) fn read(&mut self) -> io::Result<Message> {
        Message::read(&mut self.stream, Kind::Response)?
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// The bytes as they come.
    pub(super) fn reader(&mut self) -> &mut impl io::BufRead {
        &mut self.stream
    }

    /// The certificate that the host has shown.
    pub(super) fn certificate(&self) -> CertificateDer<'static> {
        let shown = self.stream.get_ref().conn.peer_certificates().unwrap();
        shown[0].clone().into_owned()
    }

    /// How many certificates the host has shown.
    pub(crate) fn chain_length(&self) -> usize {
        let shown = self.stream.get_ref().conn.peer_certificates().unwrap();
        shown.len()
    }

    /// Lets the system receive little before it is read.
    pub(super) fn receive_little(&self) {
        let tcp = &self.stream.get_ref().sock;
        rustix::net::sockopt::set_socket_recv_buffer_size(tcp, 4 << 10).unwrap();
    }

    /// The bytes that are still to come.
    pub(super) fn into_reader(self) -> impl io::Read {
        self.stream
    }

    /// Closes the connection without any end, as a machine does that lost its process.
    pub(super) fn reset(self) {
        let tcp = &self.stream.get_ref().sock;
        rustix::net::sockopt::set_socket_linger(tcp, Some(std::time::Duration::ZERO)).unwrap();
        // Dropping the session sends nothing.
        drop(self);
    }

    /// Ends TLS without closing the connection below it.
    pub(super) fn end(&mut self) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.conn.send_close_notify();
        stream.flush()
    }
}
