//! The server with a certificate of its own.

use super::client::{
    AUTHORITY, EXPIRED, GOOD, KEY, OTHER_NAME, TlsConnection, client_config, encrypted,
};
use super::put;
use crate::{assert_error, guests, host};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConnection, StreamOwned};
use serde_json::json;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use weld_host_tests::connection::Connection;
use weld_host_tests::host::Host;
use weld_host_tests::http::Kind;
use weld_host_tests::{PATIENCE, until};

/// More than the system buffers for a client that reads nothing.
const MEGABYTES: &str = "40";

fn started(guest: &str) -> Host {
    encrypted(host()).plugin("guest", guest).start()
}

/// The number of a page's calls that the log of a host that logs everything has.
fn calls(host: &Host) -> usize {
    let mut marker = TlsConnection::open(host.address()).unwrap();
    let marked = format!("nobody-{}", host.log().so_far().len());
    marker
        .ask(&host.request("GET", &format!("/{marked}")))
        .unwrap();
    host.log().wait_for_text(&marked);
    let has_ended = |line: &&String| line.contains("call ended") && line.contains("request_id");
    host.log().so_far().iter().filter(has_ended).count()
}

#[test]
fn pages_come_over_tls_one_after_the_other() {
    let host = started(guests::ECHOES_STATE);
    let announced = host.announcement("guest");
    assert!(announced.contains("https://127.0.0.1:"), "{announced}");
    let mut client = TlsConnection::open(host.address()).unwrap();
    for number in 0..3 {
        let request = host
            .weld("guest")
            .page_request("rows", &json!({ "n": number }));
        let answer = client.ask(&request).unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text());
        assert_eq!(answer.json()["insert"][0]["table"], "rows");
    }
    let missing = client.ask(&host.request("GET", "/guest/no/path")).unwrap();
    assert_error(&missing, 404, "not_found");
}

#[test]
fn client_without_tls_learns_to_use_https() {
    let host = started(guests::ECHOES_STATE);
    let answer = host.weld("guest").schema();
    let message = assert_error(&answer, 400, "bad_request");
    assert!(message.contains("https://"), "{message}");
    assert_eq!(answer.header("connection"), Some("close"));
}

#[test]
fn broken_and_too_large_heads_are_answered_over_tls() {
    let host = started(guests::ECHOES_STATE);
    let large = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nx-long: {}\r\n\r\n",
        "a".repeat(120 << 10)
    );
    for (sent, status, kind) in [
        ("no request at all\r\n\r\n", 400, "bad_request"),
        (large.as_str(), 431, "headers_too_large"),
    ] {
        let mut client = TlsConnection::open(host.address()).unwrap();
        client.send(sent.as_bytes()).unwrap();
        let answer = client.read().unwrap();
        assert_error(&answer, status, kind);
        assert_eq!(answer.header("connection"), Some("close"));
        // The end is announced, so nobody can have cut the answer short.
        assert_eq!(client.reader().read(&mut [0; 8]).unwrap(), 0);
    }
}

#[test]
fn answer_before_the_end_of_a_body_arrives_over_tls() {
    let host = started(guests::ECHOES_STATE);
    let mut client = TlsConnection::open(host.address()).unwrap();
    let head = host
        .request("POST", "/guest/")
        .header("content-length", "99999999");
    client.send(&head.bytes()).unwrap();
    let mut sent = 0;
    while sent < 4 << 20 && client.send(&[b' '; 16 << 10]).is_ok() {
        sent += 16 << 10;
    }
    assert_error(&client.read().unwrap(), 413, "body_too_large");
}

#[test]
fn disconnected_client_is_noticed_over_tls() {
    type Leave = fn(TlsConnection) -> Option<TlsConnection>;
    let ways: [(&str, &[u8], Leave); 4] = [
        ("closing", b"", |_| None),
        ("closing, with half a request sent", b"GET /gu", |_| None),
        ("ending TLS", b"", |mut client| {
            client.end().unwrap();
            Some(client)
        }),
        ("resetting", b"", |client| {
            client.reset();
            None
        }),
    ];
    for (what, more, leave) in ways {
        let unanswered = encrypted(host()).start_with_unanswered_calls(guests::FETCHES, "0s");
        let mut client = TlsConnection::open(unanswered.host.address()).unwrap();
        client
            .send(&[&unanswered.page().bytes(), more].concat())
            .unwrap();
        unanswered.arrived.pass("the page's call");
        let _kept = leave(client);
        unanswered
            .closed
            .pass(&format!("the call to end after {what}"));
    }
}

#[test]
fn page_of_a_connection_that_breaks_goes_to_the_next_request() {
    let host = encrypted(host())
        .plugin("guest", guests::MAKES_ROWS)
        .flag("--log", "debug")
        .start();
    // Far more than the sockets' buffers hold.
    let request = host.weld("guest").page_request("40000", &json!({}));
    let mut cut = TlsConnection::open(host.address()).unwrap();
    cut.send(&request.bytes()).unwrap();
    cut.reader().read_exact(&mut [0; 10_000]).unwrap();
    drop(cut);
    let page = || {
        let mut client = TlsConnection::open(host.address()).unwrap();
        client.ask(&request).unwrap()
    };
    assert_eq!(page().json()["insert"].as_array().unwrap().len(), 40_000);
    assert_eq!(calls(&host), 1, "the page was kept");
    page();
    assert_eq!(calls(&host), 2, "it was delivered, so it is made again");
}

#[test]
fn client_that_reads_nothing_over_tls_is_cut_off_and_its_page_is_kept() {
    let host = encrypted(host())
        .plugin("guest", guests::RETURNS_HUGE_PAGE)
        .flag("--write-timeout", "600ms")
        .start();
    let request = host.weld("guest").page_request(MEGABYTES, &json!({}));
    let mut stalled = TlsConnection::open(host.address()).unwrap();
    stalled.send(&request.bytes()).unwrap();
    host.log().wait_for_text("--write-timeout");
    let mut client = TlsConnection::open(host.address()).unwrap();
    assert_eq!(client.ask(&request).unwrap().status(), 200);
    host.log()
        .wait_for("the kept page", |line| line.contains("joined=true"));
    assert!(stalled.read().is_err(), "the first answer was complete");
}

#[test]
fn clients_that_never_shake_hands_delay_nobody() {
    let host = started(guests::ECHOES_STATE);
    let silent: Vec<_> = (0..50)
        .map(|number| {
            let mut stream = TcpStream::connect(host.address()).unwrap();
            if number % 2 == 0 {
                // The beginning of a handshake.
                stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00").unwrap();
            }
            stream
        })
        .collect();
    let mut client = TlsConnection::open(host.address()).unwrap();
    let answer = client.ask(&host.request("GET", "/guest/schema")).unwrap();
    assert_eq!(answer.status(), 200);
    // They are cut off.
    for mut stream in silent {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut rest = Vec::new();
        assert!(stream.read_to_end(&mut rest).is_ok(), "{rest:?}");
    }
}

#[test]
fn pair_that_cannot_be_used_is_refused_at_startup() {
    let both = format!("{AUTHORITY}{GOOD}");
    let swapped = [KEY, GOOD];
    for (what, [certificate, key], expected) in [
        ("no key", [GOOD, GOOD], "has no private key"),
        ("expired", [EXPIRED, KEY], "expired at 2021-01-01T00:00:00Z"),
        ("wrong order", [&both, KEY], "certificate 2 of server.pem"),
        ("empty", ["", KEY], "server.pem is empty"),
        ("exchanged", swapped, "exchange the two files"),
    ] {
        let failed = encrypted(host())
            .file("server.pem", certificate)
            .file("server.key", key)
            .fail();
        assert_eq!(failed.status.code(), Some(1), "{what}");
        let text = failed.stderr.join("\n");
        assert!(text.contains(expected), "{what}: {text}");
        assert!(!text.contains("-----\n"), "{what}: {text}");
    }
    for (given, missing) in [("--tls-cert", "--tls-key"), ("--tls-key", "--tls-cert")] {
        let failed = encrypted(host()).without(missing).fail();
        assert_eq!(failed.status.code(), Some(1));
        let text = failed.stderr.join("\n");
        assert!(text.contains(given) && text.contains(missing), "{text}");
    }
    let failed = encrypted(host()).flag("--tls-key", "nowhere.key").fail();
    let text = failed.stderr.join("\n");
    assert!(
        text.contains("--tls-key: nowhere.key can't be read"),
        "{text}"
    );
}

/// The certificate that a host shows to a new client, whatever name it is for.
fn shown(host: &Host) -> CertificateDer<'static> {
    let name = |text: &'static str| ServerName::try_from(text).unwrap();
    for name in [name("localhost"), name("other.example.com")] {
        let tcp = TcpStream::connect(host.address()).unwrap();
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        let session = ClientConnection::new(client_config(&[]), name).unwrap();
        let mut stream = StreamOwned::new(session, tcp);
        if stream.conn.complete_io(&mut stream.sock).is_ok() {
            return stream.conn.peer_certificates().unwrap()[0]
                .clone()
                .into_owned();
        }
    }
    panic!("no certificate is shown");
}

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

#[test]
fn changed_certificate_is_used_and_a_bad_one_is_not() {
    let host = started(guests::ECHOES_STATE);
    let file = host.plugins().join("server.pem");
    let mut old = TlsConnection::open(host.address()).unwrap();
    assert_eq!(old.certificate(), certificate(GOOD));
    for bad in ["", EXPIRED, "no certificate"] {
        put(&file, bad);
        host.log().wait_for("the reason", |line| {
            line.contains("the previous one stays in use") && line.contains("server.pem")
        });
        assert_eq!(shown(&host), certificate(GOOD), "{bad}");
    }
    put(&file, OTHER_NAME);
    until("the new certificate is shown", || {
        shown(&host) == certificate(OTHER_NAME)
    });
    let schema = host.request("GET", "/guest/schema");
    assert_eq!(
        old.ask(&schema).unwrap().status(),
        200,
        "open connections stay"
    );
}

#[test]
fn certificate_behind_links_is_followed() {
    // As Kubernetes mounts a secret.
    let builder = encrypted(host()).plugin("guest", guests::ECHOES_STATE);
    let folder = builder.plugins().to_owned();
    for (name, pem) in [("..first", GOOD), ("..second", OTHER_NAME)] {
        fs::create_dir(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("tls.crt"), pem).unwrap();
        fs::write(folder.join(name).join("tls.key"), KEY).unwrap();
    }
    symlink("..first", folder.join("..data")).unwrap();
    symlink("..data/tls.crt", folder.join("tls.crt")).unwrap();
    symlink("..data/tls.key", folder.join("tls.key")).unwrap();
    let host = builder
        .flag("--tls-cert", "tls.crt")
        .flag("--tls-key", "tls.key")
        .start();
    assert_eq!(shown(&host), certificate(GOOD));
    symlink("..second", folder.join("..next")).unwrap();
    fs::rename(folder.join("..next"), folder.join("..data")).unwrap();
    until("the new certificate is shown", || {
        shown(&host) == certificate(OTHER_NAME)
    });
}

#[test]
fn idle_connections_end_with_the_host() {
    let mut host = started(guests::ECHOES_STATE);
    let mut client = TlsConnection::open(host.address()).unwrap();
    let schema = host.request("GET", "/guest/schema");
    assert_eq!(client.ask(&schema).unwrap().status(), 200);
    host.terminate();
    assert_eq!(client.reader().read(&mut [0; 8]).unwrap(), 0);
    assert!(host.wait_for_exit().success());
}

#[test]
fn host_without_tls_is_unchanged() {
    let host = host().plugin("guest", guests::ECHOES_STATE).start();
    let mut client = Connection::open(host.address()).unwrap();
    client
        .send(&host.request("GET", "/guest/schema").bytes())
        .unwrap();
    assert_eq!(client.read(Kind::Response).unwrap().status(), 200);
    assert!(TlsConnection::open(host.address()).is_err());
}
