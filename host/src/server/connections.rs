//! The connections of a server: accepts them, and ends them at the shutdown.

use std::convert::Infallible;
use std::time::Duration;

use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::departure::{Departure, DepartureNotice};
use super::places::ConnectionPlaces;
use crate::platform;

/// How long accepting pauses after an error such as too many open files, which the next attempt would repeat.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often idle connections are asked to leave while places are scarce.
const DISMISS_EVERY: Duration = Duration::from_millis(200);

/// How many connections are accepted from the system's queue when the port is closed. By default, the system's queue holds
/// as many.
const MAX_QUEUED: usize = 4096;

/// The connections of a server. `serve` answers one to its end.
pub(super) struct Connections<S> {
    listener: TcpListener,
    places: ConnectionPlaces,
    serve: S,
    open: JoinSet<()>,
    /// The generation of new connections.
    departure: Departure,
}

impl<S, F> Connections<S>
where
    S: Fn(TcpStream, DepartureNotice) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    pub(super) fn new(listener: TcpListener, places: ConnectionPlaces, serve: S) -> Self {
        Self {
            listener,
            places,
            serve,
            open: JoinSet::new(),
            departure: Departure::new(),
        }
    }

    /// Accepts connections for as long as the future is awaited.
    pub(super) async fn accept(&mut self) -> Infallible {
        loop {
            let open = self.open.len();
            self.places.make_room(open);
            tokio::select! {
                accepted = self.listener.accept(), if self.places.accept(open) => match accepted {
                    Ok((stream, _)) => self.begin(stream),
                    Err(error) => {
                        tracing::warn!(%error, "could not accept a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                // Removes ended connections, so that the set doesn't grow.
                Some(_) = self.open.join_next() => {}
                () = tokio::time::sleep(DISMISS_EVERY), if self.places.are_scarce(open) => {}
            }
        }
    }

    fn begin(&mut self, stream: TcpStream) {
        // Before the connection's first answer, which depends on it.
        self.places.note_open(self.open.len() + 1);
        let notice = self.departure.notice();
        self.open.spawn((self.serve)(stream, notice));
    }

    /// Tells all connections that the host shuts down. Those accepted from now on end after their first answer.
    pub(super) fn announce_departure(&mut self) {
        self.departure.announce();
    }

    /// The generation of the present connections. Those that are accepted from now on are in the next one.
    pub(super) fn next_generation(&mut self) -> Departure {
        std::mem::replace(&mut self.departure, Departure::late())
    }

    /// Waits until all connections have ended. Accepts none.
    pub(super) async fn ended(&mut self) {
        while self.open.join_next().await.is_some() {}
    }

    /// Accepts the connections that wait in the system's queue: if the port were closed before, their clients' requests
    /// would be lost.
    pub(super) fn accept_queued(&mut self) {
        let mut accepted = 0_usize;
        while accepted < MAX_QUEUED {
            while self.open.try_join_next().is_some() {}
            if !self.places.accept(self.open.len()) {
                tracing::warn!(
                    "the host is full, so connections that nobody has accepted are closed without an answer"
                );
                break;
            }
            // Directly from the system, since the runtime may not know yet of a connection that has just arrived.
            let stream = match platform::accept(&self.listener) {
                Ok(socket) => TcpStream::from_std(socket.into()),
                // The client has left again.
                Err(Errno::CONNABORTED | Errno::INTR) => continue,
                Err(Errno::AGAIN) => break,
                Err(error) => Err(error.into()),
            };
            match stream {
                Ok(stream) => self.begin(stream),
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection before the port is closed");
                    break;
                }
            }
            accepted += 1;
        }
        if accepted > 0 {
            tracing::debug!(accepted, "accepted the last connections");
        }
    }

    /// Closes the port and the idle connections, and lets the others end, at most until `until`. Returns false if some
    /// had to be cut off.
    pub(super) async fn close(self, until: Instant) -> bool {
        let Self {
            listener,
            mut open,
            departure,
            ..
        } = self;
        drop(listener);
        departure.end();
        let ending = async { while open.join_next().await.is_some() {} };
        let in_time = tokio::time::timeout_at(until, ending).await.is_ok();
        open.shutdown().await;
        in_time
    }
}
