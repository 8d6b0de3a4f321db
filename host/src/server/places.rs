//! Places for connections, some of which are kept aside for probes.
//!
//! Every connection may hold a page that sleeps for an hour, until no more connections may be open. A probe that then
//! waited to be accepted would find the host dead, and a supervisor that believes it ends all those pages. So a few
//! more connections are accepted than may hold pages. Most of their requests wait or are refused; probes are answered.
//!
//! Strangers may connect as often as others. So only a request with a right key takes a place, and without one its
//! connection is among the first to be closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use super::idle::{ConnectionWork, IdleConnections, IdleEntry};

/// The most connections that are kept aside.
const MAX_ASIDE: usize = 64;

/// At most one of so many connections is kept aside: a host that may open few files needs them.
const ASIDE_SHARE: usize = 16;

/// How long a request on a connection without a place waits for one.
const WAIT: Duration = Duration::from_secs(10);

/// The places for all connections.
#[derive(Debug, Clone)]
pub(super) struct ConnectionPlaces {
    most: usize,
    aside: usize,
    free: Arc<Semaphore>,
    /// Places among the requests that wait. They have half of the connections kept aside; the others are for probes.
    queue: Arc<Semaphore>,
    idle: IdleConnections,
    /// How many connections are open, as the accepting task has last seen it.
    open: Arc<AtomicUsize>,
}

/// The place of a connection of HTTP/1.1, or of a request of HTTP/2. It is taken by the first request that is let in, and
/// kept until the end. Clones are the same place.
#[derive(Debug, Clone)]
pub(super) struct ConnectionPlace {
    places: ConnectionPlaces,
    idle: Arc<IdleEntry>,
    held: Arc<OnceCell<HeldPlace>>,
}

#[derive(Debug)]
struct HeldPlace {
    _permit: OwnedSemaphorePermit,
    _work: ConnectionWork,
}

/// All places are taken by other connections.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoPlace {
    /// How many there are.
    pub(super) most: usize,
}

impl ConnectionPlaces {
    /// Places for this many connections, and a few more that are kept aside.
    pub(super) fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        let aside = (most / ASIDE_SHARE).min(MAX_ASIDE);
        Self {
            most,
            aside,
            free: Arc::new(Semaphore::new(most)),
            queue: Arc::new(Semaphore::new(aside / 2)),
            idle: IdleConnections::default(),
            open: Arc::default(),
        }
    }

    /// Whether one more connection may be accepted when this many are open.
    pub(super) fn accept(&self, open: usize) -> bool {
        open < self.most.saturating_add(self.aside)
    }

    /// Whether the next connection would be one of those kept aside when this many are open.
    pub(super) fn are_scarce(&self, open: usize) -> bool {
        open >= self.most
    }

    /// Notes how many connections are open.
    pub(super) fn note_open(&self, open: usize) {
        self.open.store(open, Ordering::Relaxed);
    }

    /// Asks idle connections to leave if places are scarce when this many are open, so that the next one has room.
    pub(super) fn make_room(&self, open: usize) {
        self.note_open(open);
        if self.are_scarce(open) {
            self.idle
                .dismiss(open.saturating_sub(self.most).saturating_add(1));
        }
    }

    /// The entry of a new connection among the idle ones.
    pub(super) fn idle_entry(&self) -> Arc<IdleEntry> {
        self.idle.enter()
    }

    /// The place of a new connection or request, which is not taken yet. `idle` is the connection's entry.
    pub(super) fn place(&self, idle: &Arc<IdleEntry>) -> ConnectionPlace {
        ConnectionPlace {
            places: self.clone(),
            idle: idle.clone(),
            held: Arc::default(),
        }
    }

    async fn wait(&self) -> Result<OwnedSemaphorePermit, NoPlace> {
        let full = || NoPlace { most: self.most };
        let _waiting = self.queue.try_acquire().map_err(|_| full())?;
        let free = self.free.clone().acquire_owned();
        match tokio::time::timeout(WAIT, free).await {
            // The semaphore is never closed.
            Ok(place) => place.map_err(|_| full()),
            Err(_) => Err(full()),
        }
    }
}

impl ConnectionPlace {
    /// Whether no place is free.
    pub(super) fn are_all_taken(&self) -> bool {
        self.places.free.available_permits() == 0
    }

    /// Whether others need this connection more: it has no place, and so many connections are open that the next one is one
    /// of those kept aside.
    pub(super) fn is_wanted(&self) -> bool {
        let open = self.places.open.load(Ordering::Relaxed);
        !self.held.initialized() && self.places.are_scarce(open)
    }

    /// Takes a place, so that the connection may hold a page. Waits for one if none is free.
    ///
    /// # Errors
    ///
    /// [`NoPlace`] at once if enough others wait, or after [`WAIT`].
    pub(super) async fn hold(&self) -> Result<(), NoPlace> {
        let take = || async {
            let work = self.idle.work();
            let permit = match self.places.free.clone().try_acquire_owned() {
                Ok(permit) => permit,
                Err(_) => self.places.wait().await?,
            };
            Ok(HeldPlace {
                _permit: permit,
                _work: work,
            })
        };
        self.held.get_or_try_init(take).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_connections_are_kept_aside_beside_the_maximum() {
        for (most, expected) in [
            (1, 0),
            (15, 0),
            (16, 1),
            (120, 7),
            (768, 48),
            (1 << 20, 64),
            (usize::MAX, 64),
        ] {
            let places = ConnectionPlaces::new(most);
            let most = places.most;
            assert!(places.accept(most + expected - 1), "{most}");
            assert!(!places.accept(most + expected), "{most}");
        }
    }

    /// The place of a new connection.
    fn place(places: &ConnectionPlaces) -> ConnectionPlace {
        places.place(&places.idle_entry())
    }

    /// The place of a connection with a request that is let in.
    async fn take(places: &ConnectionPlaces) -> ConnectionPlace {
        let place = place(places);
        assert_eq!(place.hold().await, Ok(()));
        place
    }

    async fn take_all(places: &ConnectionPlaces) -> Vec<ConnectionPlace> {
        let mut taken = Vec::new();
        for _ in 0..places.most {
            taken.push(take(places).await);
        }
        taken
    }

    #[tokio::test(start_paused = true)]
    async fn place_is_taken_by_the_first_request_that_is_let_in() {
        let places = ConnectionPlaces::new(2);
        let [silent, first] = [(); 2].map(|()| place(&places));
        assert_eq!(first.hold().await, Ok(()));
        assert_eq!(first.clone().hold().await, Ok(()), "the same place");
        assert!(!first.are_all_taken());
        let second = take(&places).await;
        assert!(first.are_all_taken());
        assert_eq!(silent.hold().await, Err(NoPlace { most: 2 }));
        drop(second);
        assert!(!first.are_all_taken());
        drop(first);
        assert_eq!(silent.hold().await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_connection_without_a_place_leaves_when_they_are_scarce() {
        let places = ConnectionPlaces::new(2);
        let [stranger, client] = [(); 2].map(|()| place(&places));
        assert_eq!(client.hold().await, Ok(()));
        tokio::time::sleep(Duration::from_secs(5)).await;
        places.make_room(1);
        assert!(!stranger.is_wanted() && !client.is_wanted());
        places.make_room(2);
        assert!(stranger.is_wanted() && !client.is_wanted());
        stranger.idle.dismissed().await;
        places.make_room(9);
        let dismissed = tokio::time::timeout(Duration::from_secs(60), client.idle.dismissed());
        assert!(dismissed.await.is_err(), "it has a place");
    }

    #[tokio::test(start_paused = true)]
    async fn connection_without_a_place_waits_for_one_and_keeps_it() {
        let places = ConnectionPlaces::new(64);
        let mut taken = take_all(&places).await;
        let late = place(&places);
        let (held, ()) = tokio::join!(late.hold(), async { drop(taken.pop()) });
        assert_eq!(held, Ok(()));
        assert!(late.are_all_taken());
        assert_eq!(late.hold().await, Ok(()), "the next request");
        drop(late);
        take(&places).await;
    }

    #[tokio::test(start_paused = true)]
    async fn request_waits_only_so_long_and_among_so_many() {
        let places = ConnectionPlaces::new(64);
        let _taken = take_all(&places).await;
        let late: Vec<_> = (0..3).map(|_| place(&places)).collect();
        let began = tokio::time::Instant::now();
        let refused = Err(NoPlace { most: 64 });
        let [first, second, third] = [&late[0], &late[1], &late[2]];
        let held = tokio::join!(first.hold(), second.hold(), async {
            (third.hold().await, began.elapsed())
        });
        assert_eq!(held.2, (Err(NoPlace { most: 64 }), Duration::ZERO));
        assert_eq!((held.0, held.1), (refused, Err(NoPlace { most: 64 })));
        assert_eq!(began.elapsed(), WAIT);
    }
}
