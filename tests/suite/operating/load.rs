//! Clients that send 200 requests a second, of which none may fail.

use super::client::TlsConnection;
use serde_json::json;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use weld_host_tests::connection::Connection;
use weld_host_tests::http::Message;
use weld_host_tests::until;
use weld_host_tests::weld::{Request, Weld};

/// How many clients there are. One half opens a connection for each request, the other half keeps theirs.
const CLIENTS: usize = 8;

/// How long each client pauses between two requests: together they send 200 a second.
const PAUSE: Duration = Duration::from_millis(40);

/// A connection over which a client sends its requests.
pub(crate) trait LoadConnection {
    /// Sends a request and reads its answer.
    fn ask(&mut self, request: &Request) -> io::Result<Message>;
}

impl LoadConnection for Connection {
    fn ask(&mut self, request: &Request) -> io::Result<Message> {
        self.ask(request)
    }
}

impl LoadConnection for TlsConnection {
    fn ask(&mut self, request: &Request) -> io::Result<Message> {
        self.ask(request)
    }
}

/// Opens a connection.
type Open<C> = fn(SocketAddr) -> io::Result<C>;

/// Clients that request pages of the connector `guest`, which must return its state, until they are stopped.
pub(crate) struct Load {
    stops: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Clients of a host whose connections are opened so.
    pub(crate) fn begin<C: LoadConnection + 'static>(address: SocketAddr, open: Open<C>) -> Self {
        Self::begin_as(&Weld::new(address, "/guest"), address, open)
    }

    /// The same with clients that send this key.
    pub(crate) fn begin_with_key<C: LoadConnection + 'static>(
        address: SocketAddr,
        open: Open<C>,
        key: &str,
    ) -> Self {
        let weld = Weld::new(address, "/guest").with_key(key);
        Self::begin_as(&weld, address, open)
    }

    fn begin_as<C: LoadConnection + 'static>(
        weld: &Weld,
        address: SocketAddr,
        open: Open<C>,
    ) -> Self {
        let (stops, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let clients = (0..CLIENTS).map(|client| {
            let (stops, answered, weld) = (stops.clone(), answered.clone(), weld.clone());
            thread::spawn(move || {
                let mut connection = None;
                for number in 0.. {
                    if stops.load(Ordering::Relaxed) {
                        return;
                    }
                    let state = json!({ "client": client, "number": number });
                    let page = weld.page_request("rows", &state);
                    let keeps = client % 2 == 0;
                    ask(|| open(address), &page, &mut connection, keeps)
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
    pub(crate) fn go_on(&self) {
        let before = self.answered.load(Ordering::Relaxed);
        until("the clients get their answers", || {
            self.clients.iter().any(JoinHandle::is_finished)
                || self.answered.load(Ordering::Relaxed) >= before + 100
        });
    }

    /// Stops the clients, which must have got an answer to each request.
    pub(crate) fn end(self) {
        self.stops.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().expect("no request failed");
        }
    }
}

/// Sends a request on the client's connection, or on a new one if it has none. A page must be the answer.
fn ask<C: LoadConnection>(
    open: impl FnOnce() -> io::Result<C>,
    page: &Request,
    connection: &mut Option<C>,
    keeps: bool,
) -> io::Result<()> {
    let mut open = match connection.take() {
        Some(open) => open,
        None => open()?,
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
