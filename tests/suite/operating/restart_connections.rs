//! Connections at the moment when the port closes: whoever has connected gets an answer.

use super::client::{TlsConnection, encrypted};
use crate::{assert_error, guests, host};
use rustix::process::Signal;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use weld_host_tests::connection::Connection;
use weld_host_tests::host::Host;
use weld_host_tests::http::{Kind, Message};
use weld_host_tests::until;

/// More clients than the host accepts before it looks at the signal.
const CLIENTS: usize = 64;

/// Stops a host while clients connect that it can't accept at the moment, so that they wait in the system's queue.
fn stop_with_queue<C>(host: &Host, connect: impl Fn() -> C) -> Vec<C> {
    host.signal(Signal::STOP);
    let clients = (0..CLIENTS).map(|_| connect()).collect();
    host.terminate();
    host.signal(Signal::CONT);
    clients
}

fn check(answer: &Message) {
    // Some may be accepted before the host looks at the signal.
    if answer.status() != 200 {
        assert_error(answer, 503, "shutting_down");
        assert_eq!(answer.header("connection"), Some("close"));
    }
}

#[test]
fn clients_in_the_queue_get_an_answer_when_the_port_closes() {
    let mut host = host().plugin("guest", guests::ECHOES_STATE).start();
    let schema = host.request("GET", "/guest/schema").bytes();
    let clients = stop_with_queue(&host, || {
        let mut client = Connection::open(host.address()).unwrap();
        client.send(&schema).unwrap();
        client
    });
    for mut client in clients {
        check(&client.read(Kind::Response).unwrap());
    }
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

#[test]
fn clients_in_the_queue_that_shake_hands_get_an_answer_when_the_port_closes() {
    let mut host = encrypted(host())
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    let (address, schema) = (host.address(), host.request("GET", "/guest/schema"));
    // Each waits for the handshake in a thread of its own.
    let clients = stop_with_queue(&host, || {
        let (connected, connects) = std::sync::mpsc::channel();
        let schema = schema.clone();
        let client = thread::spawn(move || {
            let tcp = TcpStream::connect(address).unwrap();
            connected.send(()).unwrap();
            TlsConnection::over(tcp, b"http/1.1")?.ask(&schema)
        });
        connects.recv().unwrap();
        client
    });
    for client in clients {
        check(&client.join().unwrap().unwrap());
    }
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

#[test]
fn handshake_that_has_begun_when_the_port_closes_goes_on() {
    let mut host = encrypted(host())
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    let (address, schema) = (host.address(), host.request("GET", "/guest/schema"));
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let relay_address = relay.local_addr().unwrap();
    let client = thread::spawn(move || {
        let tcp = TcpStream::connect(relay_address)?;
        TlsConnection::over(tcp, b"http/1.1")?.ask(&schema)
    });
    let (mut near, _) = relay.accept().unwrap();
    let mut far = TcpStream::connect(address).unwrap();
    let mut first = [0];
    near.read_exact(&mut first).unwrap();
    far.write_all(&first).unwrap();
    host.terminate();
    until("the port is closed", || {
        TcpStream::connect(address).is_err()
    });
    let [mut from_client, mut to_host] = [&near, &far].map(|end| end.try_clone().unwrap());
    thread::spawn(move || io::copy(&mut from_client, &mut to_host));
    thread::spawn(move || io::copy(&mut far, &mut near));
    check(&client.join().unwrap().unwrap());
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

/// Connections that hang in what they have begun, each with the line that the log has of its end.
#[test]
fn what_clients_have_begun_and_do_not_end_keeps_no_host_running() {
    const HANDSHAKE: (&[u8], &str) = (b"\x16", "whose handshake had only begun");
    const REQUEST: &str = "whose request had only begun";
    for (is_encrypted, sent, line) in [
        (true, HANDSHAKE.0, HANDSHAKE.1),
        (true, b"\x16\x03\x01\x02\x00\x01\x00", HANDSHAKE.1),
        (false, b"G", REQUEST),
        (
            false,
            b"GET /guest/schema HTTP/1.1\r\nhost: localhost\r\nx-more",
            REQUEST,
        ),
        (
            false,
            b"POST /guest/ HTTP/1.1\r\nhost: localhost\r\ncontent-length: 50\r\n\r\n{",
            "the host is shutting down",
        ),
        (
            false,
            b"POST /nobody HTTP/1.1\r\nhost: localhost\r\ncontent-length: 50\r\n\r\n{",
            "whose client was still sending",
        ),
    ] {
        let builder = if is_encrypted {
            encrypted(host())
        } else {
            host()
        };
        let mut host = builder
            .plugin("guest", guests::ECHOES_STATE)
            .flag("--log", "debug")
            .flag("--grace", "1h")
            .start();
        let mut client = TcpStream::connect(host.address()).unwrap();
        client.write_all(sent).unwrap();
        // Another client, so that the host has read what the first one has sent.
        let alive = host.request("GET", "/healthz");
        let alive = match is_encrypted {
            true => TlsConnection::open(host.address()).unwrap().ask(&alive),
            false => Connection::open(host.address()).unwrap().ask(&alive),
        };
        assert_eq!(alive.unwrap().status(), 200);
        host.terminate();
        assert_eq!(host.wait_for_exit().code(), Some(0));
        let log = host.log().so_far().join("\n");
        assert!(log.contains(line), "{sent:?}: {log}");
        for limit in [
            "took longer",
            "too slow",
            "did not arrive within",
            "cut off",
        ] {
            assert!(!log.contains(limit), "{sent:?}: {log}");
        }
    }
}

#[test]
fn what_has_begun_in_time_is_answered_although_the_port_closes() {
    let mut host = host().plugin("guest", guests::ECHOES_STATE).start();
    let request = host.request("GET", "/guest/schema").bytes();
    let (first, rest) = request.split_at(10);
    let mut client = Connection::open(host.address()).unwrap();
    client.send(first).unwrap();
    host.terminate();
    until("the port is closed", || {
        TcpStream::connect(host.address()).is_err()
    });
    client.send(rest).unwrap();
    check(&client.read(Kind::Response).unwrap());
    assert_eq!(host.wait_for_exit().code(), Some(0));
}
