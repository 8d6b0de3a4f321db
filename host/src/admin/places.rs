//! The places of the admin listener's connections. There is always one for a new connection: if all are taken, the
//! connection that has been without a request for the longest time gives way. So clients that connect and say nothing,
//! however many, can't keep the operator out.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::lock::Mutex;

/// The places. Clones are the same places.
#[derive(Clone)]
pub(super) struct AdminPlaces(Arc<PlaceTable>);

struct PlaceTable {
    most: usize,
    connections: Mutex<PlaceList>,
    /// Notified when a connection ends, or waits for its next request.
    changed: Notify,
}

#[derive(Default)]
struct PlaceList {
    /// The number of the next connection.
    next: u64,
    taken: BTreeMap<u64, PlaceState>,
}

/// One connection.
struct PlaceState {
    /// Since when it has been waiting for a request; `None` while a request of it is being answered.
    silent_since: Option<Instant>,
    /// Whether the client has to read before more of an answer can be sent.
    is_sending: bool,
    /// Tells the connection to close.
    close: oneshot::Sender<()>,
}

impl PlaceState {
    /// Since when it has been silent, if it may give way.
    fn spare_since(&self) -> Option<Instant> {
        self.silent_since.filter(|_| !self.is_sending)
    }
}

/// A connection's place, until this is dropped.
pub(super) struct AdminPlace {
    table: Arc<PlaceTable>,
    number: u64,
}

impl AdminPlaces {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(PlaceTable {
            most,
            connections: Mutex::default(),
            changed: Notify::new(),
        }))
    }

    /// Takes a place for a new connection, and returns what is ready once the connection must give way. Waits only while a
    /// request is being answered on every other connection.
    pub(super) async fn take(&self) -> (AdminPlace, oneshot::Receiver<()>) {
        loop {
            let changed = self.0.changed.notified();
            if let Some(taken) = self.try_take() {
                return taken;
            }
            changed.await;
        }
    }

    fn try_take(&self) -> Option<(AdminPlace, oneshot::Receiver<()>)> {
        let mut list = self.0.connections.lock();
        if list.taken.len() >= self.0.most {
            let oldest = list
                .taken
                .iter()
                .filter_map(|(number, state)| Some((state.spare_since()?, *number)))
                .min();
            let (_, number) = oldest?;
            if let Some(state) = list.taken.remove(&number) {
                // It may have ended by itself.
                let _ = state.close.send(());
            }
        }
        let number = list.next;
        list.next += 1;
        let (close, closed) = oneshot::channel();
        let state = PlaceState {
            silent_since: Some(Instant::now()),
            is_sending: false,
            close,
        };
        list.taken.insert(number, state);
        let table = self.0.clone();
        Some((AdminPlace { table, number }, closed))
    }
}

impl AdminPlace {
    /// A request has arrived. Until the next call of [`wait`](Self::wait), the connection keeps its place.
    pub(super) fn answer(&self) {
        self.change(|state| state.silent_since = None);
    }

    /// The request is answered.
    pub(super) fn wait(&self) {
        self.change(|state| state.silent_since = Some(Instant::now()));
        self.table.changed.notify_one();
    }

    /// Whether part of an answer waits until the client reads.
    pub(super) fn set_sending(&self, is_sending: bool) {
        self.change(|state| {
            if state.is_sending && !is_sending && state.silent_since.is_some() {
                state.silent_since = Some(Instant::now());
            }
            state.is_sending = is_sending;
        });
        if !is_sending {
            self.table.changed.notify_one();
        }
    }

    fn change(&self, change: impl FnOnce(&mut PlaceState)) {
        if let Some(state) = self.table.connections.lock().taken.get_mut(&self.number) {
            change(state);
        }
    }
}

impl Drop for AdminPlace {
    fn drop(&mut self) {
        self.table.connections.lock().taken.remove(&self.number);
        self.table.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn must_close(closed: &mut oneshot::Receiver<()>) -> bool {
        closed.try_recv().is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn connection_that_is_silent_for_longest_gives_way() {
        let places = AdminPlaces::new(3);
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.push(places.take().await);
            tokio::time::advance(SECOND).await;
        }
        // The first one has just been answered, and the second one is being answered.
        taken[0].0.answer();
        taken[0].0.wait();
        taken[1].0.answer();
        let _fourth = places.take().await;
        let closed: Vec<bool> = taken
            .iter_mut()
            .map(|(_, closed)| must_close(closed))
            .collect();
        assert_eq!(closed, [false, false, true]);
        // An answer that waits for its client is not cut off.
        taken[0].0.set_sending(true);
        let _fifth = places.take().await;
        assert!(!must_close(&mut taken[0].1), "the fourth one gave way");
        tokio::time::advance(SECOND).await;
        taken[0].0.set_sending(false);
        let _sixth = places.take().await;
        assert!(!must_close(&mut taken[0].1), "the fifth one is older");
        tokio::time::advance(SECOND).await;
        let _seventh = places.take().await;
        assert!(must_close(&mut taken[0].1));
        assert!(!must_close(&mut taken[1].1), "it is still being answered");
    }

    #[tokio::test(start_paused = true)]
    async fn connections_that_are_being_answered_are_waited_for() {
        let places = AdminPlaces::new(2);
        let (first, _) = places.take().await;
        let (second, _) = places.take().await;
        first.answer();
        second.answer();
        let third = tokio::time::timeout(SECOND, places.take()).await;
        assert!(third.is_err());
        let (third, ()) = tokio::join!(tokio::time::timeout(SECOND, places.take()), async {
            second.wait();
        });
        let (third, _) = third.expect("the second one gave way");
        third.answer();
        let (fourth, ()) = tokio::join!(tokio::time::timeout(SECOND, places.take()), async {
            drop(first);
        });
        assert!(fourth.is_ok());
        assert_eq!(places.0.connections.lock().taken.len(), 2);
    }
}
