//! Connections that hold no place. They are the first ones to end when places are scarce, those that have been idle for
//! the longest time before others.
//!
//! Only a request that may have an answer of the connector takes a place. So a client without a right key is idle in this
//! sense whatever it sends, and can't keep its connection by sending more. A connection of HTTP/1.1 is idle until its first
//! request that takes a place. When places are scarce, its answers close it, so nobody can keep it open for long. A
//! connection of HTTP/2 is idle whenever none of its streams has a place: it is one of the connections that may be open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::lock::Mutex;

/// How long a connection is idle at least before it may be ended. The first request of a new one may be on its way.
const LEAST_TIME: Duration = Duration::from_secs(1);

/// How long a connection without work has to leave when it has been asked to. Its client need not agree: it may read nothing
/// of its answers, or never end what it sends.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// The idle connections of a server. Clones are the same ones.
#[derive(Debug, Clone, Default)]
pub(super) struct IdleConnections(Arc<Mutex<IdleTable>>);

#[derive(Debug, Default)]
struct IdleTable {
    /// The number of the next connection that becomes idle.
    next: u64,
    /// Those that became idle first come first.
    idle: BTreeMap<u64, IdleConnection>,
    /// How many have been asked to leave, and are about to: within [`LEAVE_WITHIN`]. Those with a request that has a place,
    /// or waits for one, don't count, since it may take long.
    leaving: usize,
}

#[derive(Debug)]
struct IdleConnection {
    since: Instant,
    request: Arc<LeaveRequest>,
}

/// Asks one connection to leave.
#[derive(Debug, Default)]
struct LeaveRequest {
    /// When it was made.
    made: watch::Sender<Option<Instant>>,
    /// The connection counts among those that are leaving. Changed only while the table is locked.
    is_counted: AtomicBool,
}

impl LeaveRequest {
    fn is_made(&self) -> bool {
        self.made.borrow().is_some()
    }
}

/// One connection, which is idle or not.
#[derive(Debug)]
pub(super) struct IdleEntry {
    connections: IdleConnections,
    request: Arc<LeaveRequest>,
    state: Mutex<IdleState>,
}

#[derive(Debug, Default)]
struct IdleState {
    /// Its number while it is idle.
    number: Option<u64>,
    /// How many of its requests have a place, or wait for one.
    working: usize,
    /// When the last of them ended.
    worked: Option<Instant>,
}

/// A request that has a place, or waits for one. Its connection is not idle before this is dropped.
#[derive(Debug)]
pub(super) struct ConnectionWork(Arc<IdleEntry>);

impl Drop for ConnectionWork {
    fn drop(&mut self) {
        self.0.end_work();
    }
}

impl IdleTable {
    /// The connection is about to leave.
    fn count(&mut self, request: &LeaveRequest) {
        if !request.is_counted.swap(true, Ordering::Relaxed) {
            self.leaving += 1;
        }
    }

    /// The connection has left, or has something to do before.
    fn discount(&mut self, request: &LeaveRequest) {
        if request.is_counted.swap(false, Ordering::Relaxed) {
            self.leaving = self.leaving.saturating_sub(1);
        }
    }
}

impl IdleConnections {
    /// A new connection, which is idle.
    pub(super) fn enter(&self) -> Arc<IdleEntry> {
        let entry = IdleEntry {
            connections: self.clone(),
            request: Arc::default(),
            state: Mutex::default(),
        };
        entry.rest(&mut self.0.lock());
        Arc::new(entry)
    }

    /// Asks idle connections to leave, until `wanted` are on their way. Those that became idle only now stay.
    pub(super) fn dismiss(&self, wanted: usize) {
        let mut table = self.0.lock();
        while table.leaving < wanted {
            let Some(first) = table.idle.first_entry() else {
                return;
            };
            if first.get().since.elapsed() < LEAST_TIME {
                return;
            }
            let IdleConnection { request, .. } = first.remove();
            table.count(&request);
            request.made.send_replace(Some(Instant::now()));
        }
    }
}

impl IdleEntry {
    /// The connection can be used only now: it becomes idle again, unless it works.
    pub(super) fn begin(&self) {
        let mut table = self.connections.0.lock();
        if self.state.lock().working == 0 {
            self.rest(&mut table);
        }
    }

    /// The connection is idle from now on.
    fn rest(&self, table: &mut IdleTable) {
        // A connection that is leaving is not asked again.
        if self.request.is_made() {
            table.count(&self.request);
            return;
        }
        let number = table.next;
        table.next += 1;
        let idle = IdleConnection {
            since: Instant::now(),
            request: self.request.clone(),
        };
        table.idle.insert(number, idle);
        if let Some(before) = self.state.lock().number.replace(number) {
            table.idle.remove(&before);
        }
    }

    /// One of the connection's requests takes a place. It isn't idle until what is returned is dropped.
    pub(super) fn work(self: &Arc<Self>) -> ConnectionWork {
        let mut table = self.connections.0.lock();
        self.state.lock().working += 1;
        self.leave(&mut table);
        ConnectionWork(self.clone())
    }

    fn end_work(&self) {
        let mut table = self.connections.0.lock();
        let is_idle = {
            let mut state = self.state.lock();
            state.working = state.working.saturating_sub(1);
            state.worked = Some(Instant::now());
            state.working == 0
        };
        if is_idle {
            self.rest(&mut table);
        }
    }

    /// The connection is no longer one of the idle ones, nor of those that are about to end.
    fn leave(&self, table: &mut IdleTable) {
        if let Some(number) = self.state.lock().number.take() {
            table.idle.remove(&number);
        }
        table.discount(&self.request);
    }

    /// Waits until the connection is asked to leave.
    pub(super) async fn dismissed(&self) {
        // The sender lives as long as `self`, so this can't be an error.
        let _ = self
            .request
            .made
            .subscribe()
            .wait_for(Option::is_some)
            .await;
    }

    /// Waits until the connection that was asked to leave has had its time for that, without a request that has a place or
    /// waits for one.
    pub(super) async fn given_up(&self) {
        self.dismissed().await;
        loop {
            let now = Instant::now();
            let asked = self.request.made.borrow().unwrap_or(now);
            let until = {
                let state = self.state.lock();
                let since = match state.working {
                    0 => state.worked.map_or(asked, |worked| worked.max(asked)),
                    _ => now,
                };
                since + LEAVE_WITHIN
            };
            if until <= now {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

impl Drop for IdleEntry {
    fn drop(&mut self) {
        self.leave(&mut self.connections.0.lock());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_dismissed(entry: &IdleEntry) -> bool {
        entry.request.is_made()
    }

    #[tokio::test(start_paused = true)]
    async fn those_idle_for_the_longest_time_leave_first() {
        let connections = IdleConnections::default();
        let [first, second, third, working] = [(); 4].map(|()| connections.enter());
        let work = [working.work(), working.work()];
        tokio::time::sleep(LEAST_TIME).await;
        let new = connections.enter();
        // It is the last one now, and has just become idle.
        drop(first.work());
        connections.dismiss(1);
        assert!(is_dismissed(&second) && !is_dismissed(&third));
        second.dismissed().await;
        connections.dismiss(1);
        assert!(!is_dismissed(&third), "one is on its way");
        drop(second);
        connections.dismiss(9);
        assert!(is_dismissed(&third));
        for other in [&first, &working, &new] {
            assert!(!is_dismissed(other));
        }
        tokio::time::sleep(LEAST_TIME).await;
        connections.dismiss(2);
        assert!(is_dismissed(&new) && !is_dismissed(&first));
        let [_still, one] = work;
        drop((one, first, new));
        connections.dismiss(9);
        assert!(!is_dismissed(&working), "another request has a place");
    }

    #[tokio::test(start_paused = true)]
    async fn connection_that_works_before_it_leaves_does_not_count_as_leaving() {
        let connections = IdleConnections::default();
        let [first, second, third] = [(); 3].map(|()| connections.enter());
        tokio::time::sleep(LEAST_TIME).await;
        connections.dismiss(1);
        assert!(is_dismissed(&first));
        let work = first.work();
        connections.dismiss(1);
        assert!(is_dismissed(&second), "the first one stays for now");
        drop(work);
        connections.dismiss(2);
        assert!(!is_dismissed(&third), "both are on their way");
        drop(first);
        connections.dismiss(2);
        assert!(is_dismissed(&third));
    }

    #[tokio::test(start_paused = true)]
    async fn connection_that_was_asked_to_leave_has_only_so_long_unless_it_works() {
        let connections = IdleConnections::default();
        let [idle, working] = [(); 2].map(|()| connections.enter());
        let is_given_up = async |entry: &IdleEntry| {
            let given_up = tokio::time::timeout(Duration::from_millis(1), entry.given_up());
            given_up.await.is_ok()
        };
        tokio::time::sleep(LEAVE_WITHIN * 2).await;
        assert!(!is_given_up(&idle).await, "nobody has asked it");
        let began = Instant::now();
        connections.dismiss(2);
        let work = working.work();
        idle.given_up().await;
        assert_eq!(began.elapsed(), LEAVE_WITHIN);
        tokio::time::sleep(LEAVE_WITHIN * 9).await;
        assert!(!is_given_up(&working).await, "it works");
        drop(work);
        assert!(!is_given_up(&working).await, "its answer is on its way");
        tokio::time::sleep(LEAVE_WITHIN).await;
        assert!(is_given_up(&working).await);
    }

    #[tokio::test(start_paused = true)]
    async fn ended_connections_leave_nothing_behind() {
        let connections = IdleConnections::default();
        let [idle, working, dismissed] = [(); 3].map(|()| connections.enter());
        drop(idle);
        let before = working.work();
        tokio::time::sleep(LEAST_TIME).await;
        connections.dismiss(1);
        assert!(is_dismissed(&dismissed));
        // It gets a request all the same, which it answers before it leaves.
        drop(dismissed.work());
        drop((working, dismissed));
        drop(before);
        let table = connections.0.lock();
        assert_eq!((table.idle.len(), table.leaving), (0, 0));
    }
}
