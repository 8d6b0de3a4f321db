//! Places for connections, some of which are kept aside for probes.
//!
//! Every connection may hold a page that sleeps for an hour, until no more connections may be open. A probe that then
//! waited to be accepted would find the host dead, and a supervisor that believes it ends all those pages. So a few
//! more connections are accepted than may hold pages. Most of their requests wait or are refused; probes are answered.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use super::idle::{IdleConnections, IdleEntry};

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
}

/// The place of a connection of HTTP/1.1, or of a request of HTTP/2. It is taken with the first request, or later, and
/// kept until the end.
#[derive(Debug)]
pub(super) struct ConnectionPlace {
    places: ConnectionPlaces,
    held: OnceCell<OwnedSemaphorePermit>,
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

    /// Asks idle connections to leave if places are scarce when this many are open, so that the next one has room.
    pub(super) fn make_room(&self, open: usize) {
        if self.are_scarce(open) {
            self.idle
                .dismiss(open.saturating_sub(self.most).saturating_add(1));
        }
    }

    /// The entry of a new connection among the idle ones.
    pub(super) fn idle_entry(&self) -> IdleEntry {
        self.idle.enter()
    }

    /// The place of a new connection or request, which is not taken yet.
    pub(super) fn place(&self) -> ConnectionPlace {
        ConnectionPlace {
            places: self.clone(),
            held: OnceCell::new(),
        }
    }
}

impl ConnectionPlace {
    /// Takes a place if one is free.
    pub(super) fn try_take(&self) {
        if self.is_held() {
            return;
        }
        if let Ok(place) = self.places.free.clone().try_acquire_owned() {
            // If it is being taken elsewhere, this one is free again.
            let _ = self.held.set(place);
        }
    }

    /// Whether no place is free.
    pub(super) fn are_all_taken(&self) -> bool {
        self.places.free.available_permits() == 0
    }

    /// Whether the connection has a place of its own.
    pub(super) fn is_held(&self) -> bool {
        self.held.initialized()
    }

    /// Waits for a place, so that the connection may hold a page.
    ///
    /// # Errors
    ///
    /// [`NoPlace`] at once if enough others wait, or after [`WAIT`].
    pub(super) async fn hold(&self) -> Result<(), NoPlace> {
        let most = self.places.most;
        let wait = || async {
            let full = || NoPlace { most };
            let _waiting = self.places.queue.try_acquire().map_err(|_| full())?;
            let free = self.places.free.clone().acquire_owned();
            match tokio::time::timeout(WAIT, free).await {
                // The semaphore is never closed.
                Ok(place) => place.map_err(|_| full()),
                Err(_) => Err(full()),
            }
        };
        self.held.get_or_try_init(wait).await.map(drop)
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

    /// The place of a connection with a request.
    fn take(places: &ConnectionPlaces) -> ConnectionPlace {
        let place = places.place();
        place.try_take();
        place
    }

    #[test]
    fn place_is_taken_with_the_first_request() {
        let places = ConnectionPlaces::new(2);
        let [silent, first] = [(); 2].map(|()| places.place());
        first.try_take();
        first.try_take();
        assert!(first.is_held() && !silent.is_held() && !first.are_all_taken());
        let second = take(&places);
        assert!(second.is_held() && first.are_all_taken());
        silent.try_take();
        assert!(!silent.is_held());
        drop(second);
        assert!(!first.are_all_taken());
    }

    #[tokio::test(start_paused = true)]
    async fn connection_without_a_place_waits_for_one_and_keeps_it() {
        let places = ConnectionPlaces::new(64);
        let mut taken: Vec<_> = (0..64).map(|_| take(&places)).collect();
        assert!(taken.iter().all(ConnectionPlace::is_held));
        let late = take(&places);
        assert!(!late.is_held());
        let (held, ()) = tokio::join!(late.hold(), async { drop(taken.pop()) });
        assert_eq!(held, Ok(()));
        assert!(late.is_held());
        assert_eq!(late.hold().await, Ok(()), "the next request");
        assert!(!take(&places).is_held());
        drop(late);
        assert!(take(&places).is_held());
    }

    #[tokio::test(start_paused = true)]
    async fn request_waits_only_so_long_and_among_so_many() {
        let places = ConnectionPlaces::new(64);
        let _taken: Vec<_> = (0..64).map(|_| take(&places)).collect();
        let late: Vec<_> = (0..3).map(|_| take(&places)).collect();
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
