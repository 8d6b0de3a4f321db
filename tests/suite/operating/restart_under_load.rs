//! Restarts while clients send 200 requests a second: none of them fails.

use crate::{guests, host};
use serde_json::json;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use weld_host_tests::connection::Connection;
use weld_host_tests::host::HostBuilder;
use weld_host_tests::until;
use weld_host_tests::weld::{Request, Weld};

/// How many clients there are. One half opens a connection for each request, the other half keeps theirs.
const CLIENTS: usize = 8;

/// How long each client pauses between two requests: together they send 200 a second.
const PAUSE: Duration = Duration::from_millis(40);

/// Clients that send requests until they are stopped.
struct Load {
    stops: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    fn begin(address: SocketAddr) -> Self {
        let (stops, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let clients = (0..CLIENTS).map(|client| {
            let (stops, answered) = (stops.clone(), answered.clone());
            thread::spawn(move || {
                let mut connection = None;
                for number in 0.. {
                    if stops.load(Ordering::Relaxed) {
                        return;
                    }
                    let state = json!({ "client": client, "number": number });
                    let page = Weld::new(address, "/guest").page_request("rows", &state);
                    let keeps = client % 2 == 0;
                    ask(address, &page, &mut connection, keeps)
                        .unwrap_or_else(|error| panic!("{client} {number}: {error}"));
                    answered.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(PAUSE);
                }
            })
        });
        Self {
            clients: clients.collect(),
            stops,
            answered,
        }
    }

    /// Waits until many more requests have been answered.
    fn go_on(&self) {
        let before = self.answered.load(Ordering::Relaxed);
        until("the clients get their answers", || {
            self.clients.iter().any(JoinHandle::is_finished)
                || self.answered.load(Ordering::Relaxed) >= before + 100
        });
    }

    /// Stops the clients, which must have got an answer to each request.
    fn end(self) {
        self.stops.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().expect("no request failed");
        }
    }
}

/// Sends a request on the client's connection, or on a new one if it has none. A page must be the answer.
fn ask(
    address: SocketAddr,
    page: &Request,
    connection: &mut Option<Connection>,
    keeps: bool,
) -> io::Result<()> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => Connection::open(address)?,
    };
    let answer = open.ask(page)?;
    if answer.status() != 200 || answer.header("weld-host-pending").is_some() {
        return Err(io::Error::other(answer.text()));
    }
    if keeps && answer.header("connection") != Some("close") {
        *connection = Some(open);
    }
    Ok(())
}

fn builder(socket: &TcpListener) -> HostBuilder {
    host()
        .socket(socket)
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--drain", "500ms")
}

#[test]
fn no_request_fails_while_a_host_with_a_passed_socket_restarts() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut host = builder(&socket).start();
    let load = Load::begin(host.address());
    for _ in 0..3 {
        load.go_on();
        host.terminate();
        assert_eq!(host.wait_for_exit().code(), Some(0));
        host = builder(&socket).start();
    }
    load.go_on();
    load.end();
}
