use std::sync::mpsc;
use std::thread::{self, ThreadId};

use super::*;
use crate::account::{
    Bulk, CallAccount, Charge, Holding, HostAccount, MemoryError, charged_bytes, give_back,
};

const MIB: usize = 1 << 20;

/// The size of a piece, and the current thread, when a part of it was freed.
type Part = (usize, ThreadId);

/// Data that reports how it is freed.
struct WatchedBulk {
    bytes: Vec<u8>,
    parts: mpsc::Sender<Part>,
    /// Received from before each part is freed, so that a test controls the progress.
    go: Option<mpsc::Receiver<()>>,
}

impl Bulk for WatchedBulk {
    fn held_bytes(&self) -> usize {
        self.bytes.held_bytes()
    }

    fn shorten(&mut self, bytes: usize) {
        if let Some(go) = &self.go {
            go.recv().unwrap();
        }
        let sent = self.parts.send((self.bytes.len(), thread::current().id()));
        assert!(sent.is_ok());
        self.bytes.shorten(bytes);
    }
}

impl AsRef<[u8]> for WatchedBulk {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn watched(bytes: usize, go: Option<mpsc::Receiver<()>>) -> (WatchedBulk, mpsc::Receiver<Part>) {
    let (parts, received) = mpsc::channel();
    let bytes = vec![1; bytes];
    (WatchedBulk { bytes, parts, go }, received)
}

fn wait_until_nothing_is_charged(host: &HostAccount) {
    while host.used_bytes() > 0 {
        thread::yield_now();
    }
}

#[test]
fn large_data_is_freed_on_another_thread_and_in_steps() {
    let host = HostAccount::new(u64::MAX);
    for way in ["held", "shared", "given back"] {
        let (bulk, parts) = watched(5 * MIB / 2, None);
        let charge = host.charge(5 * MIB as u64 / 2).unwrap();
        match way {
            "held" => drop(Holding::new(Some(bulk), charge)),
            "shared" => {
                let bytes = charged_bytes(bulk, charge);
                let slice = bytes.slice(1..2);
                drop(bytes);
                assert!(parts.try_recv().is_err(), "a slice is left");
                drop(slice);
            }
            _ => give_back(bulk, charge),
        }
        let parts: Vec<Part> = parts.iter().collect();
        let lengths: Vec<usize> = parts.iter().map(|(bytes, _)| *bytes).collect();
        assert_eq!(lengths, [5 * MIB / 2, 3 * MIB / 2], "{way}");
        assert!(parts.iter().all(|(_, id)| *id != thread::current().id()));
        wait_until_nothing_is_charged(&host);
    }
}

#[test]
fn small_data_is_freed_at_once() {
    let host = HostAccount::new(u64::MAX);
    let (bulk, parts) = watched(MIB - 1, None);
    drop(charged_bytes(bulk, host.charge(MIB as u64).unwrap()));
    assert_eq!(host.used_bytes(), 0);
    assert!(parts.iter().next().is_none());
}

#[test]
fn each_part_is_charged_until_it_is_given_back() {
    let host = HostAccount::new(u64::MAX);
    let (go_on, go) = mpsc::channel();
    let (bulk, parts) = watched(3 * MIB, Some(go));
    give_back(bulk, host.charge(3 * MIB as u64).unwrap());
    assert_eq!(host.used_bytes(), 3 * MIB as u64);
    go_on.send(()).unwrap();
    parts.recv().unwrap();
    while host.used_bytes() > 2 * MIB as u64 {
        thread::yield_now();
    }
    assert_eq!(host.used_bytes(), 2 * MIB as u64);
    go_on.send(()).unwrap();
    wait_until_nothing_is_charged(&host);
}

#[test]
fn data_waiting_to_be_freed_counts_for_no_call_and_delays_no_call() {
    let host = HostAccount::new(8 * MIB as u64);
    let call = CallAccount::new(host.clone(), 4 * MIB as u64);
    let (go_on, go) = mpsc::channel();
    let (bulk, _parts) = watched(4 * MIB, Some(go));
    give_back(bulk, call.own(4 * MIB as u64).unwrap());
    let other = host.charge(3 * MIB as u64).unwrap();
    assert!(!host.is_nearly_used_up(), "half of it is about to be freed");
    let own = call.own(MIB as u64).unwrap();
    assert_eq!(host.used_bytes(), 8 * MIB as u64);
    drop((other, own));
    for _ in 0..3 {
        go_on.send(()).unwrap();
    }
    wait_until_nothing_is_charged(&host);
}

/// Data to free, with its charge.
struct ChargedBulk(WatchedBulk, Charge);

impl Remnant for ChargedBulk {
    fn charged_bytes(&self) -> u64 {
        self.1.bytes()
    }

    fn shorten(&mut self, bytes: usize) -> bool {
        self.0.shorten(bytes);
        self.1.shrink(bytes as u64);
        self.1.bytes() > 0
    }
}

fn remnant(bulk: WatchedBulk, charge: Charge) -> Box<dyn Remnant> {
    Box::new(ChargedBulk(bulk, charge))
}

/// Pretends to start a thread.
fn never(_: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    Ok(())
}

#[test]
fn a_call_that_needs_memory_frees_it_itself() {
    let host = HostAccount::new(4 * MIB as u64);
    let forgotten = Arc::new(AtomicU64::new(0));
    let count = forgotten.clone();
    host.set_reclaim(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        false
    });
    let (bulk, parts) = watched(4 * MIB, None);
    let charge = host.charge(4 * MIB as u64).unwrap();
    let disposal = charge.disposal().clone();
    disposal.put_for(remnant(bulk, charge), never);
    assert_eq!(disposal.charged_bytes(), 4 * MIB as u64);
    let asked = host.charge(3 * MIB as u64 / 2).unwrap();
    assert_eq!(parts.try_iter().count(), 2, "only as many steps as needed");
    assert_eq!(disposal.charged_bytes(), 2 * MIB as u64);
    assert_eq!(
        forgotten.load(Ordering::Relaxed),
        0,
        "spare memory was not reclaimed"
    );
    let all = host.charge(4 * MIB as u64);
    assert_eq!(all.unwrap_err(), MemoryError::Total(4 * MIB as u64));
    assert_eq!(forgotten.load(Ordering::Relaxed), 1);
    assert_eq!(disposal.charged_bytes(), 0);
    drop(asked);
    assert_eq!(host.used_bytes(), 0);
}

#[test]
fn without_a_thread_data_is_freed_where_it_is_dropped() {
    let host = HostAccount::new(u64::MAX);
    for _ in 0..2 {
        let (bulk, parts) = watched(3 * MIB, None);
        let charge = host.charge(3 * MIB as u64).unwrap();
        let disposal = charge.disposal().clone();
        disposal.put_for(remnant(bulk, charge), |_| {
            Err(io::ErrorKind::WouldBlock.into())
        });
        assert_eq!(host.used_bytes(), 0);
        assert_eq!(disposal.charged_bytes(), 0);
        assert!(parts.iter().all(|(_, id)| id == thread::current().id()));
    }
}

#[test]
fn texts_and_bytes_are_shortened_from_their_end() {
    let mut bytes = vec![1; 10];
    bytes.reserve_exact(6);
    bytes.shorten(6);
    assert_eq!((bytes.len(), bytes.capacity()), (10, 10));
    bytes.shorten(4);
    assert_eq!((bytes.len(), bytes.capacity()), (6, 6));
    bytes.shorten(100);
    assert_eq!(bytes.held_bytes(), 0);

    let mut text = Some("zoë€".to_owned());
    text.shorten(1);
    assert_eq!(text.as_deref(), Some("zoë"), "cut between characters");
    text.shorten(100);
    assert_eq!(text.held_bytes(), 0);

    let mut shared = Arc::new(vec![1; 10]);
    let other = shared.clone();
    shared.shorten(4);
    assert_eq!(shared.len(), 10, "others have it");
    drop(other);
    shared.shorten(4);
    assert_eq!(shared.len(), 6);
}
