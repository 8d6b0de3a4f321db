//! The connections of a server: accepts them, and ends them at the shutdown.

use std::convert::Infallible;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::places::ConnectionPlaces;

/// How long accepting pauses after an error such as too many open files, which the next attempt would repeat.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The connections of a server. `serve` answers one to its end.
pub(super) struct Connections<S> {
    listener: TcpListener,
    places: ConnectionPlaces,
    serve: S,
    open: JoinSet<()>,
    graceful: GracefulShutdown,
}

impl<S, F> Connections<S>
where
    S: Fn(TcpStream, &GracefulShutdown) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    pub(super) fn new(listener: TcpListener, places: ConnectionPlaces, serve: S) -> Self {
        Self {
            listener,
            places,
            serve,
            open: JoinSet::new(),
            graceful: GracefulShutdown::new(),
        }
    }

    /// Accepts connections for as long as the future is awaited.
    pub(super) async fn accept(&mut self) -> Infallible {
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if self.places.accept(self.open.len()) => match accepted {
                    Ok((stream, _)) => {
                        self.open.spawn((self.serve)(stream, &self.graceful));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "could not accept a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                // Removes ended connections, so that the set doesn't grow.
                Some(_) = self.open.join_next() => {}
            }
        }
    }

    /// Waits until all connections have ended. Accepts none.
    pub(super) async fn ended(&mut self) {
        while self.open.join_next().await.is_some() {}
    }

    /// Closes the port and the idle connections, and lets the others end, at most until `until`. Returns false if some
    /// had to be cut off.
    pub(super) async fn close(self, until: Instant) -> bool {
        let Self {
            listener,
            mut open,
            graceful,
            ..
        } = self;
        drop(listener);
        let ending = async {
            graceful.shutdown().await;
            // What a client still sends after its answer is read for a while.
            while open.join_next().await.is_some() {}
        };
        let in_time = tokio::time::timeout_at(until, ending).await.is_ok();
        open.shutdown().await;
        in_time
    }
}
