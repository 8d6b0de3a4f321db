//! Connections at the moment when the port closes: whoever has connected gets an answer.

use super::client::{TlsConnection, encrypted};
use crate::{assert_error, guests, host};
use rustix::process::Signal;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;
use weld_host_tests::PATIENCE;
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
    // A client that had sent nothing would be cut off within this time.
    far.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let waits = far.read(&mut [0]).unwrap_err();
    assert_eq!(waits.kind(), io::ErrorKind::WouldBlock);
    far.set_read_timeout(Some(PATIENCE)).unwrap();
    let [mut from_client, mut to_host] = [&near, &far].map(|end| end.try_clone().unwrap());
    thread::spawn(move || io::copy(&mut from_client, &mut to_host));
    thread::spawn(move || io::copy(&mut far, &mut near));
    check(&client.join().unwrap().unwrap());
    assert_eq!(host.wait_for_exit().code(), Some(0));
}
