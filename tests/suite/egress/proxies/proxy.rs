//! A proxy that connects every target with one API, and an API with TLS.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use weld_host_tests::PATIENCE;
use weld_host_tests::http::{Kind, Message};

/// Made for these tests; they give access to nothing. The certificate is for `api.example.com`, and signed by the
/// authority.
pub(crate) const AUTHORITY: &str = include_str!("fixtures/authority.pem");
const CERTIFICATE: &str = include_str!("fixtures/api.pem");
const KEY: &str = include_str!("fixtures/api.key");

/// A running proxy. Its threads end with the test's process.
pub(crate) struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// A proxy that connects to this API, with CONNECT or without.
    pub(crate) fn to(api: SocketAddr) -> Self {
        Self::start(move |client, head| pass(client, head, api))
    }

    /// A proxy that answers everything with these bytes, and closes the connection.
    pub(crate) fn answering(answer: &'static str) -> Self {
        Self::start(move |mut client, _| {
            client.write_all(answer.as_bytes())?;
            client.shutdown(Shutdown::Write)
        })
    }

    /// A proxy that does this with each client after the head of its request.
    pub(crate) fn start(
        serve: impl Fn(TcpStream, &str) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let (kept, serve) = (Arc::clone(&heads), Arc::new(serve));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (kept, serve) = (Arc::clone(&kept), Arc::clone(&serve));
                thread::spawn(move || -> io::Result<()> {
                    let head = read_head(&client)?;
                    kept.lock().unwrap().push(head.clone());
                    serve(client, &head)
                });
            }
        });
        Self { address, heads }
    }

    /// Its URL, without a password.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its URL with a user and a password.
    pub(crate) fn url_with_password(&self) -> String {
        format!("http://weld:hunter2@{}", self.address)
    }

    /// The heads of the requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// Their first lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let first = |head: String| head.lines().next().unwrap_or_default().to_owned();
        self.heads().into_iter().map(first).collect()
    }
}

fn read_head(mut client: &TcpStream) -> io::Result<String> {
    client.set_read_timeout(Some(PATIENCE))?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Connects a client with the API.
fn pass(mut client: TcpStream, head: &str, api: SocketAddr) -> io::Result<()> {
    let mut server = TcpStream::connect(api)?;
    if head.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    } else {
        server.write_all(head.as_bytes())?;
    }
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _copied = io::copy(&mut from_client, &mut to_server);
        let _already_gone = to_server.shutdown(Shutdown::Write);
    });
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Write)
}

/// An API with TLS, under the name `api.example.com`. It answers every request with an empty object.
pub(crate) fn encrypted_api() -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate],
            PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            thread::spawn(move || -> io::Result<()> {
                let mut stream = StreamOwned::new(connection, tcp);
                while let Some(_request) =
                    Message::read(&mut BufReader::new(&mut stream), Kind::Request)?
                {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")?;
                    stream.flush()?;
                }
                Ok(())
            });
        }
    });
    address
}
