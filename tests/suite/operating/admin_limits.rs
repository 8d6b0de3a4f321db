//! Each limit of the admin listener, and that clients who reach it don't keep the operator out.

use super::{get, with_admin};
use crate::host;
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use tempfile::TempDir;
use weld_host_tests::connection::Connection;
use weld_host_tests::http::{Kind, Message};
use weld_host_tests::weld::Request;
use weld_host_tests::{PATIENCE, component};

/// How many connections may be open.
const CONNECTIONS: usize = 64;

/// How many requests to reload may wait.
const RELOADS: usize = 16;

fn open(admin: SocketAddr) -> Connection {
    Connection::open(admin).unwrap()
}

/// Checks that the host has closed a connection, with or without an answer of this status before.
fn assert_closed(connection: &mut Connection, status: u16) {
    loop {
        match connection.read(Kind::Response) {
            Ok(answer) => assert_eq!(answer.status(), status, "{}", answer.text()),
            Err(error) => {
                let kind = error.kind();
                let is_closed = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset];
                assert!(is_closed.contains(&kind), "it is still open: {error}");
                return;
            }
        }
    }
}

#[test]
fn silent_connections_give_way_to_the_operator_and_are_limited() {
    let (host, admin) = with_admin(host().flag("--log", "debug"));
    let mut silent: Vec<Connection> = (0..3 * CONNECTIONS).map(|_| open(admin)).collect();
    let mut operator = open(admin);
    let probe = Request::new(admin, "GET", "/healthz");
    assert_eq!(operator.ask(&probe).unwrap().status(), 200);
    let gave_way = "closed a silent connection to the admin listener";
    // All but those that are open beside the operator's.
    let gone = 2 * CONNECTIONS + 1;
    let is_told =
        |lines: &[String]| lines.iter().filter(|line| line.contains(gave_way)).count() == gone;
    assert!(host.log().wait_until(is_told), "{}", host.log().end());
    for connection in &mut silent[..gone] {
        assert_closed(connection, 408);
    }
    // The operator's connection is the youngest, so it has stayed.
    assert_eq!(operator.ask(&probe).unwrap().status(), 200);
}

#[test]
fn client_that_sends_no_whole_head_is_cut_off() {
    let (_host, admin) = with_admin(host());
    let heads: [&[u8]; 3] = [
        b"",
        b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n",
        // After an answer, too.
        b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\nGET /hea",
    ];
    thread::scope(|scope| {
        for head in heads {
            scope.spawn(move || {
                let mut connection = open(admin);
                connection.send(head).unwrap();
                if head.ends_with(b"GET /hea") {
                    assert_eq!(connection.read(Kind::Response).unwrap().status(), 200);
                }
                assert_closed(&mut connection, 408);
            });
        }
    });
}

#[test]
fn larger_head_is_refused() {
    let (_host, admin) = with_admin(host());
    let ask = |bytes: usize| {
        let request = Request::new(admin, "GET", "/healthz");
        request.header("x-filler", &"x".repeat(bytes)).send()
    };
    assert_eq!(ask(12 << 10).status(), 200);
    assert_eq!(ask(20 << 10).status(), 431);
}

#[test]
fn body_that_does_not_arrive_is_refused() {
    let (_host, admin) = with_admin(host());
    let mut connection = open(admin);
    let head = b"PUT /log HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nde";
    connection.send(head).unwrap();
    let answer = connection.read(Kind::Response).unwrap();
    assert_eq!(answer.status(), 408, "{}", answer.text());
    assert_eq!(answer.json()["error"]["kind"], "timeout");
    assert_eq!(get(admin, "/log").text(), "info\n");
}

#[test]
fn client_that_reads_nothing_of_its_answers_is_cut_off() {
    let (_host, admin) = with_admin(host());
    let mut stream = TcpStream::connect(admin).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100);
    // Once the host's answers fill the sockets, it reads no further requests.
    let error = loop {
        if let Err(error) = stream.write_all(&request) {
            break error;
        }
    };
    let kind = error.kind();
    assert!(
        [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset].contains(&kind),
        "it is still open: {error}"
    );
    assert_eq!(get(admin, "/healthz").status(), 200);
}

#[test]
fn more_requests_to_reload_are_refused_while_others_wait() {
    let cache = TempDir::new().unwrap();
    // It takes minutes to compile, and a reload waits for it.
    let builder = host()
        .flag("--cache", &cache.path().display().to_string())
        .file("slow.wasm", component::slow());
    let (_host, admin) = with_admin(builder);
    let (answers, answered) = channel::<Message>();
    for _ in 0..RELOADS + 4 {
        let pending = Request::new(admin, "POST", "/reload").begin().unwrap();
        let answers = answers.clone();
        thread::spawn(move || {
            // Those that wait are cut off at the end of the test.
            if let Ok(answer) = pending.answer() {
                let _ = answers.send(answer);
            }
        });
    }
    for _ in 0..4 {
        let refused = answered.recv_timeout(PATIENCE).unwrap();
        assert_eq!(refused.status(), 503, "{}", refused.text());
        assert_eq!(refused.json()["error"]["kind"], "busy");
    }
    assert!(answered.try_recv().is_err(), "the others wait");
    assert_eq!(get(admin, "/healthz").status(), 200);
}
