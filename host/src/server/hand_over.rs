//! The last phase of a server whose socket stays open for a process that is started later.
//!
//! That process begins when this one has ended, and meanwhile connections wait in the system's queue. So this one may stop
//! to accept only when all that is left can end within a moment. One client that reads its page slowly would otherwise
//! keep all others waiting. Until it has its page, the host serves on.

use std::convert::Infallible;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;

use super::connections::Connections;
use super::departure::{Departure, DepartureNotice};
use super::shutdown::Successor;
use crate::pages::{Pages, REJOIN};

/// How long the last connections have to send their requests and get their answers; so much of the grace is kept for it.
const LAST_REQUESTS: Duration = Duration::from_secs(1);

/// How long pending answers take to be sent.
const LAST_ANSWERS: Duration = Duration::from_millis(250);

/// How often the host looks during a drain for calls that nobody waits for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Serves until all connections that are left can end at once, or until it is time for that anyway, so that the host
/// ends at `until`. When this returns, the host accepts no more connections.
pub(super) async fn hand_over<S, F>(connections: &mut Connections<S>, pages: &Pages, until: Instant)
where
    S: Fn(TcpStream, DepartureNotice) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let last = until.checked_sub(LAST_REQUESTS).unwrap_or(until);
    let mut old = connections.next_generation();
    // Their clients may be about to send a request, and learn with its answer that the connection ends.
    let soon = last.min(Instant::now() + LAST_REQUESTS);
    serve_until_ended(&old, soon, connections, pages).await;
    tracing::info!("the drain is over: the host ends once its clients have their answers");
    old.end();
    loop {
        serve_until_ended(&old, last, connections, pages).await;
        let now = Instant::now();
        // What is left of the grace is for the pending answers of all requests that wait.
        if now >= last {
            return;
        }
        // Connections that were accepted last may not have sent their request yet. Those to come are accepted by the
        // successor.
        let soon = last.min(now + LAST_REQUESTS);
        let have_ended = tokio::time::timeout_at(soon, connections.ended()).await;
        if have_ended.is_ok() {
            return;
        }
        // The others wait for their pages, and end with a pending answer, unless their clients read slowly.
        old = connections.next_generation();
        old.end();
        if tokio::time::timeout(LAST_ANSWERS, old.ended())
            .await
            .is_ok()
        {
            return;
        }
        tracing::info!("continues to accept connections while clients receive their answers");
    }
}

/// Accepts and serves connections until all of this generation have ended, at most until `latest`.
async fn serve_until_ended<S, F>(
    generation: &Departure,
    latest: Instant,
    connections: &mut Connections<S>,
    pages: &Pages,
) where
    S: Fn(TcpStream, DepartureNotice) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    tokio::select! {
        () = generation.ended() => {}
        () = tokio::time::sleep_until(latest) => {}
        never = connections.accept() => match never {},
        never = cancel_unwatched(pages, Successor::Later) => match never {},
    }
}

/// Cancels the calls that no request waits for, for as long as the future is awaited.
pub(super) async fn cancel_unwatched(pages: &Pages, successor: Successor) -> Infallible {
    let at_least = match successor {
        // A client that is refused can't return to its call.
        Successor::None => Duration::ZERO,
        Successor::Later => REJOIN,
    };
    loop {
        let canceled = pages.cancel_unwatched(at_least);
        if canceled > 0 {
            tracing::info!(calls = canceled, "canceled calls that nobody waits for");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
