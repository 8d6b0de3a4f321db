//! What connectors learn about servers with an unusable certificate or without TLS, by either way to the network.

use super::fetch;
use crate::{guests, host};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;
use std::io::{BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use weld_host_tests::host::Host;
use weld_host_tests::http::{Kind, Message};

/// Made for these tests; they give access to nothing. All but the self-signed one are signed by the authority, whose
/// key was deleted.
const AUTHORITY: &str = include_str!("fixtures/authority.pem");
const GOOD: &str = include_str!("fixtures/good.pem");
const EXPIRED: &str = include_str!("fixtures/expired.pem");
const NOT_YET_VALID: &str = include_str!("fixtures/not-yet-valid.pem");
const OTHER_NAME: &str = include_str!("fixtures/other-name.pem");
const SELF_SIGNED: &str = include_str!("fixtures/self-signed.pem");
const KEY: &str = include_str!("fixtures/server.key");

/// A server on a free port of 127.0.0.1 that handles each connection with this function.
fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            serve(stream);
        }
    });
    address
}

/// A server with this certificate.
fn encrypted(pem: &'static str) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    server(move |tcp| {
        let connection = ServerConnection::new(config.clone()).unwrap();
        let mut stream = StreamOwned::new(connection, tcp);
        // If the client doesn't continue, the test is about the client's error.
        if let Ok(Some(_)) = Message::read(&mut BufReader::new(&mut stream), Kind::Request) {
            let _sent = stream
                .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}");
            stream.conn.send_close_notify();
            let _sent = stream.flush();
        }
    })
}

fn host_that_trusts_the_authority(guest: &str, server: SocketAddr) -> Host {
    let config = format!(
        "[network]\nallow = [\"https://localhost:{}\"]\nallow-networks = [\"127.0.0.0/8\", \"::1/128\"]\n\
         roots = \"authority.pem\"\n[rate-limit]\nretries = 0\n",
        server.port()
    );
    host()
        .plugin("guest", guest)
        .file("authority.pem", AUTHORITY)
        .config("guest", &config)
        .start()
}

#[test]
fn server_without_a_valid_certificate_fails_with_the_reason() {
    let cases: [(&str, SocketAddr, &str); 6] = [
        ("expired", encrypted(EXPIRED), "certificate expired"),
        ("too early", encrypted(NOT_YET_VALID), "not valid yet"),
        ("another's", encrypted(OTHER_NAME), "not valid for name"),
        ("self-signed", encrypted(SELF_SIGNED), "UnknownIssuer"),
        (
            "not encrypted",
            server(|mut tcp| {
                let _sent = tcp.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
            }),
            "the TLS handshake failed",
        ),
        ("gone", server(drop), "the TLS handshake failed"),
    ];
    for (what, server, reason) in cases {
        for guest in [guests::FETCHES, guests::FETCHES_WASI] {
            let host = host_that_trusts_the_authority(guest, server);
            let url = format!("https://localhost:{}/", server.port());
            let row = fetch(&host, &json!({ "url": url }));
            assert_eq!(row["error"], "failed", "{what}: {row}");
            let detail = row["detail"].as_str().unwrap_or_default();
            assert!(detail.contains(reason), "{what}: {row}");
            host.log().wait_for_text(reason);
        }
    }
}

#[test]
fn server_of_a_trusted_authority_answers() {
    let server = encrypted(GOOD);
    for guest in [guests::FETCHES, guests::FETCHES_WASI] {
        let host = host_that_trusts_the_authority(guest, server);
        let url = format!("https://localhost:{}/", server.port());
        let row = fetch(&host, &json!({ "url": url }));
        assert_eq!(row["status"], 200, "{row}");
    }
}
