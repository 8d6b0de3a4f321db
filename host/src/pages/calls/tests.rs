//! Single rules, one at a time; how they go together is the subject of [`model`](super::model).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::table::Table;
use super::{Bounds, Calls, Closed, Crashed, Keeping, Linger, Outcome, Waiter};
use crate::connectors::{Wait, WaitReason};

const LINGER: Linger = Linger {
    running: Duration::from_secs(120),
    finished: Duration::from_secs(60),
};

/// What a call of these tests ends in: its number, and what it costs to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) call: usize,
    pub(super) bytes: u64,
    pub(super) keeping: Keeping,
}

impl Outcome for Told {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn keeping(&self) -> Keeping {
        self.keeping
    }
}

/// Ends a call, which is over by itself once this is closed.
type End = oneshot::Sender<Told>;

struct World {
    calls: Calls<&'static str, Told>,
    begun: Arc<AtomicUsize>,
}

impl World {
    fn new() -> Self {
        Self::with(Bounds {
            outcomes: 100,
            bytes: 1_000,
        })
    }

    fn with(bounds: Bounds) -> Self {
        Self {
            calls: Calls::new(bounds),
            begun: Arc::default(),
        }
    }

    /// One more who waits; with the end of the call, where it began for this one.
    fn ask(&self, key: &'static str) -> (Waiter<&'static str, Told>, Option<End>) {
        let mut end = None;
        let waiter = self
            .calls
            .join(key, LINGER, |_| {
                self.begun.fetch_add(1, Ordering::Relaxed);
                let (sender, receiver) = oneshot::channel();
                end = Some(sender);
                async move { receiver.await.unwrap() }
            })
            .unwrap();
        (waiter, end)
    }

    fn begin(&self, key: &'static str) -> (Waiter<&'static str, Told>, End) {
        let (waiter, end) = self.ask(key);
        (waiter, end.expect("a new call"))
    }

    fn told(&self, bytes: u64, keeping: Keeping) -> Told {
        Told {
            call: self.begun.load(Ordering::Relaxed),
            bytes,
            keeping,
        }
    }

    fn page(&self) -> Told {
        self.told(10, Keeping::UntilDelivered)
    }
}

/// Lets every task do what it can do now.
pub(super) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn hundred_equal_requests_cost_one_call() {
    let world = World::new();
    let (first, end) = world.begin("page");
    let mut waiters = vec![first];
    for _ in 1..100 {
        let (waiter, another) = world.ask("page");
        assert!(another.is_none() && waiter.has_joined());
        waiters.push(waiter);
    }
    end.send(world.page()).unwrap();
    for waiter in &mut waiters {
        assert_eq!(waiter.outcome().await, Ok(world.page()));
    }
}

#[tokio::test(start_paused = true)]
async fn call_outlives_its_request_for_as_long_as_it_lingers() {
    let world = World::new();
    let (waiter, end) = world.begin("page");
    drop(waiter);
    settle().await;
    tokio::time::advance(LINGER.running - Duration::from_secs(1)).await;
    let (again, another) = world.ask("page");
    assert!(another.is_none(), "the call goes on");
    tokio::time::advance(LINGER.running * 10).await;
    settle().await;
    assert!(!end.is_closed(), "somebody waits");
    drop(again);
    settle().await;
    tokio::time::advance(LINGER.running + Duration::from_secs(1)).await;
    settle().await;
    assert!(end.is_closed(), "nobody came back");
    assert!(world.ask("page").1.is_some());
}

#[tokio::test(start_paused = true)]
async fn page_stays_until_it_is_delivered_and_no_longer() {
    let world = World::new();
    let (mut cut_off, end) = world.begin("page");
    end.send(world.page()).unwrap();
    assert_eq!(cut_off.outcome().await, Ok(world.page()));
    drop(cut_off);
    let (mut delivered, another) = world.ask("page");
    assert!(another.is_none(), "the connection broke: it is still there");
    assert_eq!(delivered.outcome().await, Ok(world.page()));
    let (mut at_the_same_time, _) = world.ask("page");
    delivered.delivering();
    delivered.delivered();
    let (_next, another) = world.ask("page");
    assert!(another.is_some(), "who asks again gets a new one");
    let old = at_the_same_time.outcome().await.unwrap();
    assert_eq!(old.call, 1, "who waited already gets what was there");
    at_the_same_time.delivered();
    let (_joined, another) = world.ask("page");
    assert!(another.is_none(), "which takes nothing from the new one");
}

#[tokio::test(start_paused = true)]
async fn page_that_is_being_written_is_given_to_nobody_else_unless_that_breaks_off() {
    let world = World::new();
    let (mut one, end) = world.begin("page");
    let (mut other, _) = world.ask("page");
    let (waiting, _) = world.ask("page");
    end.send(world.page()).unwrap();
    settle().await;
    one.delivering();
    other.delivering();
    drop(waiting);
    drop(one);
    assert!(!world.calls.holds(&"page"), "one is still being written to");
    drop(other);
    assert!(world.calls.holds(&"page"), "nobody has got it");
    let (mut next, another) = world.ask("page");
    assert!(another.is_none());
    next.delivering();
    let (newer, another) = world.ask("page");
    assert!(another.is_some(), "the client may have it all already");
    drop(next);
    let (_newest, another) = world.ask("page");
    assert!(
        another.is_none(),
        "an old page never takes a newer one's place"
    );
    drop(newer);
}

#[tokio::test(start_paused = true)]
async fn page_whose_delivery_broke_off_still_lingers_for_its_time_only() {
    let world = World::new();
    let (mut waiter, end) = world.begin("page");
    end.send(world.page()).unwrap();
    settle().await;
    waiter.delivering();
    drop(waiter);
    settle().await;
    tokio::time::advance(LINGER.finished + Duration::from_secs(1)).await;
    settle().await;
    assert!(!world.calls.holds(&"page"));
}

#[tokio::test(start_paused = true)]
async fn page_that_nobody_fetches_is_forgotten() {
    let world = World::new();
    let (waiter, end) = world.begin("page");
    drop(waiter);
    end.send(world.page()).unwrap();
    settle().await;
    tokio::time::advance(LINGER.finished - Duration::from_secs(1)).await;
    let (waiter, another) = world.ask("page");
    assert!(another.is_none());
    drop(waiter);
    settle().await;
    tokio::time::advance(LINGER.finished + Duration::from_secs(1)).await;
    settle().await;
    assert!(world.ask("page").1.is_some());
}

#[tokio::test(start_paused = true)]
async fn failure_is_told_to_all_who_wait_then_forgotten() {
    let world = World::new();
    let (mut one, end) = world.begin("page");
    let (mut other, _) = world.ask("page");
    let failure = world.told(0, Keeping::UntilTold);
    end.send(failure.clone()).unwrap();
    assert_eq!(one.outcome().await, Ok(failure.clone()));
    assert!(
        world.ask("page").1.is_some(),
        "told already, though not yet to the other one"
    );
    assert_eq!(other.outcome().await, Ok(failure));
}

#[tokio::test(start_paused = true)]
async fn failure_that_nobody_heard_is_told_to_the_next_one_only() {
    let world = World::new();
    let (waiter, end) = world.begin("page");
    drop(waiter);
    let failure = world.told(0, Keeping::UntilTold);
    end.send(failure.clone()).unwrap();
    settle().await;
    let (mut next, another) = world.ask("page");
    assert!(another.is_none());
    assert_eq!(next.outcome().await, Ok(failure));
    assert!(world.ask("page").1.is_some());
}

#[tokio::test(start_paused = true)]
async fn lack_of_room_is_no_news_for_the_next_one() {
    let world = World::new();
    let (waiter, end) = world.begin("page");
    drop(waiter);
    end.send(world.told(0, Keeping::ForThoseWhoWait)).unwrap();
    settle().await;
    assert!(world.ask("page").1.is_some());
}

#[tokio::test(start_paused = true)]
async fn pages_that_take_too_much_go_the_longest_left_first() {
    for (bounds, bytes) in [
        (
            Bounds {
                outcomes: 2,
                bytes: 1_000,
            },
            10,
        ),
        (
            Bounds {
                outcomes: 100,
                bytes: 1_000,
            },
            400,
        ),
    ] {
        let world = World::with(bounds);
        let (held, end) = world.begin("held");
        end.send(world.told(bytes, Keeping::UntilDelivered))
            .unwrap();
        settle().await;
        for key in ["first", "second"] {
            let (waiter, end) = world.begin(key);
            drop(waiter);
            end.send(world.told(bytes, Keeping::UntilDelivered))
                .unwrap();
            settle().await;
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(world.ask("first").1.is_some(), "{bounds:?}");
        assert!(world.ask("second").1.is_none(), "{bounds:?}");
        assert!(
            world.ask("held").1.is_none(),
            "{bounds:?}: somebody gets it"
        );
        drop(held);
    }
}

#[tokio::test(start_paused = true)]
async fn call_without_anybody_makes_room_the_longest_left_first() {
    let world = World::new();
    let (_watched, watched) = world.begin("watched");
    let mut ends = Vec::new();
    for key in ["first", "second"] {
        let (waiter, end) = world.begin(key);
        drop(waiter);
        ends.push(end);
        tokio::time::advance(Duration::from_secs(10)).await;
    }
    let at_least = Duration::from_secs(5);
    assert!(!world.calls.cancel_unwatched(Duration::from_secs(30)));
    assert!(world.calls.cancel_unwatched(at_least));
    settle().await;
    assert!(ends[0].is_closed() && !ends[1].is_closed());
    assert!(world.calls.cancel_unwatched(at_least));
    assert!(!world.calls.cancel_unwatched(at_least), "none is left");
    settle().await;
    assert!(!watched.is_closed());
}

#[tokio::test(start_paused = true)]
async fn call_that_panics_is_told_as_such_and_leaves_nothing() {
    let world = World::new();
    let (mut waiter, end) = world.begin("page");
    drop(end);
    assert_eq!(waiter.outcome().await, Err(Crashed));
    settle().await;
    assert!(world.ask("page").1.is_some());
}

#[tokio::test(start_paused = true)]
async fn closed_table_begins_no_call_but_hands_out_what_is_there() {
    let world = World::new();
    let (waiter, _end) = world.begin("page");
    drop(waiter);
    world.calls.close();
    assert!(world.ask("page").1.is_none());
    let refused = world
        .calls
        .join("other", LINGER, |_| async { unreachable!() });
    assert_eq!(refused.err(), Some(Closed));
}

#[tokio::test(start_paused = true)]
async fn drain_waits_for_calls_but_not_for_those_that_only_sleep() {
    let world = World::new();
    let until = || Instant::now() + Duration::from_secs(30);
    assert_eq!(world.calls.drain(until()).await, 0, "there is nothing");
    let (working, end) = world.begin("works");
    let (sleeping, asleep) = world.begin("sleeps");
    let _pause = sleeping
        .waits()
        .begin(Wait::lasting(WaitReason::Pause, Duration::from_secs(3600)));
    let calls = world.calls.clone();
    let draining = tokio::spawn(async move { calls.drain(until()).await });
    settle().await;
    assert!(asleep.is_closed(), "it would sleep for longer");
    assert!(!end.is_closed() && !draining.is_finished());
    end.send(world.page()).unwrap();
    settle().await;
    assert_eq!(draining.await.unwrap(), 1);
    drop((working, sleeping));
}

#[tokio::test(start_paused = true)]
async fn drain_ends_calls_when_their_time_is_over() {
    let world = World::new();
    let (_waiter, end) = world.begin("works");
    let began = Instant::now();
    let grace = Duration::from_secs(30);
    assert_eq!(world.calls.drain(began + grace).await, 1);
    assert!(began.elapsed() >= grace);
    settle().await;
    assert!(end.is_closed());
}

#[tokio::test(start_paused = true)]
async fn who_comes_at_the_last_moment_keeps_the_call() {
    let mut table = Table::<_, Told>::new(Bounds {
        outcomes: 1,
        bytes: 1,
    });
    let outcome = tokio::sync::watch::Sender::new(None);
    let (present, watchers) = table.insert("page", outcome.subscribe(), Arc::default());
    table.leave(&"page", present.id);
    tokio::time::advance(LINGER.running).await;
    assert!(table.watch(&"page").is_some());
    assert!(!table.remove_unwatched(&"page", present.id));
    assert!(table.holds(&"page") && *watchers.borrow() == 1);
}
