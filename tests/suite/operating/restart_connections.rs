//! Connections at the moment when the port closes: whoever has connected gets an answer.

use super::client::{TlsConnection, encrypted};
use crate::{assert_error, guests, host};
use rustix::process::Signal;
use std::net::TcpStream;
use std::thread;
use weld_host_tests::connection::Connection;
use weld_host_tests::host::Host;
use weld_host_tests::http::{Kind, Message};

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
