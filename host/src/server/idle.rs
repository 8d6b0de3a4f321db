//! Connections that have no request. They are the first ones to end when places are scarce, those that have been idle for
//! the longest time before others.
//!
//! A connection of HTTP/1.1 is idle in this sense until its first request. When places are scarce, its answers close it,
//! so nobody can keep it open for long. A connection of HTTP/2 is idle whenever it has no stream: it holds no place then,
//! but it is one of the connections that may be open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::lock::Mutex;

/// How long a connection is idle at least before it may be ended. The first request of a new one may be on its way.
const LEAST_TIME: Duration = Duration::from_secs(1);

/// The idle connections of a server. Clones are the same ones.
#[derive(Debug, Clone, Default)]
pub(super) struct IdleConnections(Arc<Mutex<IdleTable>>);

#[derive(Debug, Default)]
struct IdleTable {
    /// The number of the next connection that becomes idle.
    next: u64,
    /// Those that became idle first come first.
    idle: BTreeMap<u64, IdleConnection>,
    /// How many have been asked to leave, and are about to. Those that got a request meanwhile don't count, since it may
    /// take long.
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
    is_made: AtomicBool,
    /// The connection counts among those that are leaving. Changed only while the table is locked.
    is_counted: AtomicBool,
    made: Notify,
}

/// One connection, which is idle or not.
#[derive(Debug)]
pub(super) struct IdleEntry {
    connections: IdleConnections,
    request: Arc<LeaveRequest>,
    /// Its number while it is idle.
    number: Mutex<Option<u64>>,
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
    pub(super) fn enter(&self) -> IdleEntry {
        let entry = IdleEntry {
            connections: self.clone(),
            request: Arc::default(),
            number: Mutex::default(),
        };
        entry.rest();
        entry
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
            request.is_made.store(true, Ordering::Relaxed);
            request.made.notify_one();
        }
    }
}

impl IdleEntry {
    /// The connection has no request from now on.
    pub(super) fn rest(&self) {
        let mut table = self.connections.0.lock();
        // A connection that is leaving is not asked again.
        if self.request.is_made.load(Ordering::Relaxed) {
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
        if let Some(before) = self.number.lock().replace(number) {
            table.idle.remove(&before);
        }
    }

    /// The connection has a request from now on.
    pub(super) fn work(&self) {
        let mut table = self.connections.0.lock();
        if let Some(number) = self.number.lock().take() {
            table.idle.remove(&number);
        }
        table.discount(&self.request);
    }

    /// Waits until the connection is asked to leave. Only one caller at a time learns of it.
    pub(super) async fn dismissed(&self) {
        while !self.request.is_made.load(Ordering::Relaxed) {
            self.request.made.notified().await;
        }
    }
}

impl Drop for IdleEntry {
    fn drop(&mut self) {
        self.work();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_dismissed(entry: &IdleEntry) -> bool {
        entry.request.is_made.load(Ordering::Relaxed)
    }

    #[tokio::test(start_paused = true)]
    async fn those_idle_for_the_longest_time_leave_first() {
        let connections = IdleConnections::default();
        let [first, second, third, working] = [(); 4].map(|()| connections.enter());
        working.work();
        tokio::time::sleep(LEAST_TIME).await;
        let new = connections.enter();
        // It is the last one now, and has just become idle.
        first.work();
        first.rest();
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
    }

    #[tokio::test(start_paused = true)]
    async fn connection_that_works_before_it_leaves_does_not_count_as_leaving() {
        let connections = IdleConnections::default();
        let [first, second, third] = [(); 3].map(|()| connections.enter());
        tokio::time::sleep(LEAST_TIME).await;
        connections.dismiss(1);
        assert!(is_dismissed(&first));
        first.work();
        connections.dismiss(1);
        assert!(is_dismissed(&second), "the first one stays for now");
        first.rest();
        connections.dismiss(2);
        assert!(!is_dismissed(&third), "both are on their way");
        drop(first);
        connections.dismiss(2);
        assert!(is_dismissed(&third));
    }

    #[tokio::test(start_paused = true)]
    async fn ended_connections_leave_nothing_behind() {
        let connections = IdleConnections::default();
        let [idle, working, dismissed] = [(); 3].map(|()| connections.enter());
        working.work();
        drop(idle);
        tokio::time::sleep(LEAST_TIME).await;
        connections.dismiss(1);
        assert!(is_dismissed(&dismissed));
        // It gets a request all the same, which it answers before it leaves.
        dismissed.work();
        dismissed.rest();
        drop((working, dismissed));
        let table = connections.0.lock();
        assert_eq!((table.idle.len(), table.leaving), (0, 0));
    }
}
