//! Restarts while clients send 200 requests a second: none of them fails.

use super::load::Load;
use crate::{guests, host};
use serde_json::json;
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use weld_host_tests::PATIENCE;
use weld_host_tests::connection::Connection;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::{Kind, Message};

fn builder(socket: &TcpListener) -> HostBuilder {
    host()
        .socket(socket)
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--drain", "500ms")
}

/// A host with a connector `huge`, whose pages are larger than the system's buffers.
fn with_huge_pages(socket: &TcpListener) -> HostBuilder {
    builder(socket)
        .plugin("huge", guests::RETURNS_HUGE_PAGE)
        .flag("--grace", "1h")
        .flag("--write-timeout", "1h")
}

/// A client that has begun to read a page of the connector `huge`.
fn reader(host: &Host) -> BufReader<TcpStream> {
    let request = host.weld("huge").page_request("40", &json!({}));
    let mut stream = TcpStream::connect(host.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&request.bytes()).unwrap();
    stream.peek(&mut [0]).unwrap();
    BufReader::with_capacity(64 << 10, stream)
}

/// Reads the rest of a page.
fn read(mut reader: BufReader<TcpStream>) {
    let answer = Message::read(&mut reader, Kind::Response).unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.body.len() > 40_000_000, "{}", answer.body.len());
}

/// Checks that an answer is pending.
fn assert_put_off(answer: &Message) {
    let is_pending = answer.header("weld-host-pending").is_some();
    assert!(is_pending, "{}", answer.text());
}

#[test]
fn no_request_fails_while_a_host_with_a_passed_socket_restarts() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut host = builder(&socket).start();
    let load = Load::begin(host.address(), Connection::open);
    for _ in 0..3 {
        load.go_on();
        host.terminate();
        assert_eq!(host.wait_for_exit().code(), Some(0));
        host = builder(&socket).start();
    }
    load.go_on();
    load.end();
}

#[test]
fn client_that_reads_slowly_during_a_restart_delays_nobody() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut host = with_huge_pages(&socket).start();
    let load = Load::begin(host.address(), Connection::open);
    let first = reader(&host);
    host.terminate();
    host.log().wait_for_text("the drain is over");
    load.go_on();
    // A page that is requested now is read slowly, too: the host can't stop when the first client has its page.
    let second = reader(&host);
    read(first);
    host.log().wait_for_text("continues to accept connections");
    load.go_on();
    read(second);
    assert_eq!(host.wait_for_exit().code(), Some(0));
    host = builder(&socket).start();
    load.go_on();
    load.end();
    drop(host);
}

#[test]
fn pages_that_are_waited_for_do_not_keep_a_host_from_ending() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut host = with_huge_pages(&socket)
        .plugin("sleeper", guests::SLEEPS_INSIDE)
        .config("sleeper", "[env]\nSLEEP_MS = \"3600000\"")
        .start();
    let page = host.weld("sleeper").page_request("rows", &json!({}));
    let before = page.clone().begin().unwrap();
    host.log().wait_for_text("begun");
    let slow = reader(&host);
    host.terminate();
    // The page is pending when the drain is over, though the host serves on because of the other client.
    let pending = before.answer().unwrap();
    assert_put_off(&pending);
    let again = page.begin().unwrap();
    assert!(again.is_unanswered(), "later requests wait again");
    read(slow);
    let pending = again.answer().unwrap();
    assert_put_off(&pending);
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

#[test]
fn pages_that_are_waited_for_are_pending_when_the_grace_ends_beside_a_slow_client() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut host = builder(&socket)
        .plugin("huge", guests::RETURNS_HUGE_PAGE)
        .plugin("sleeper", guests::SLEEPS_INSIDE)
        .config("sleeper", "[env]\nSLEEP_MS = \"3600000\"")
        .flag("--grace", "8s")
        .flag("--write-timeout", "1h")
        .start();
    let _slow = reader(&host);
    host.terminate();
    host.log().wait_for_text("the drain is over");
    let page = host.weld("sleeper").page_request("rows", &json!({}));
    let pending = page.begin().unwrap().answer().unwrap();
    assert_put_off(&pending);
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

#[test]
fn request_that_arrives_while_the_drain_ends_does_not_wait() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut host = builder(&socket)
        .plugin("sleeper", guests::SLEEPS_INSIDE)
        .config(
            "sleeper",
            "[env]\nSLEEP_MS = \"3600000\"\n[limits]\nanswer-within = \"off\"",
        )
        .flag("--grace", "1h")
        .start();
    let page = host.weld("sleeper").page_request("rows", &json!({}));
    let bytes = page.bytes();
    let (begin, end) = bytes.split_at(bytes.len() - 1);
    let mut client = Connection::open(host.address()).unwrap();
    client.send(begin).unwrap();
    assert_eq!(host.request("GET", "/healthz").send().status(), 200);
    host.terminate();
    host.log().wait_for_text("the drain is over");
    client.send(end).unwrap();
    let pending = client.read(Kind::Response).unwrap();
    assert_put_off(&pending);
    assert_eq!(host.wait_for_exit().code(), Some(0));
}
