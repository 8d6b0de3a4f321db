//! How long calls run, and what ends them.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{LINGER, TestOutcome, World, settle};
use crate::pages::calls::table::CallTable;
use crate::pages::calls::{CallPanic, NoMoreCalls, OutcomeBounds};
use crate::waits::{Wait, WaitReason};

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
    assert!(another.is_none(), "the call is still running");
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
async fn calls_without_waiters_make_room_the_longest_left_first() {
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
    assert!(
        !world
            .calls
            .cancel_unwatched(Duration::from_secs(30), |_| true)
    );
    assert!(world.calls.cancel_unwatched(at_least, |_| true));
    settle().await;
    assert!(ends[0].is_closed() && !ends[1].is_closed());
    assert!(world.calls.cancel_unwatched(at_least, |_| true));
    assert!(
        !world.calls.cancel_unwatched(at_least, |_| true),
        "none is left"
    );
    settle().await;
    assert!(!watched.is_closed());
}

#[tokio::test(start_paused = true)]
async fn call_that_panics_is_reported_as_such_and_leaves_nothing() {
    let world = World::new();
    let (mut waiter, end) = world.begin("page");
    drop(end);
    assert_eq!(waiter.outcome().await, Err(CallPanic));
    settle().await;
    assert!(world.ask("page").1.is_some());
}

#[tokio::test(start_paused = true)]
async fn closed_table_begins_no_call_but_returns_existing_ones() {
    let world = World::new();
    let (waiter, _end) = world.begin("page");
    drop(waiter);
    world.calls.close();
    assert!(world.ask("page").1.is_none());
    let refused = world
        .calls
        .join("other", LINGER, (None, ""), |_, _| async { unreachable!() });
    assert_eq!(refused.err(), Some(NoMoreCalls));
}

#[tokio::test(start_paused = true)]
async fn drain_waits_for_calls_but_not_for_those_that_only_sleep() {
    let world = World::new();
    let until = || Instant::now() + Duration::from_secs(30);
    assert_eq!(world.calls.drain(until()).await, 0, "there are no calls");
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
async fn request_at_the_last_moment_keeps_the_call() {
    let mut table = CallTable::<_, TestOutcome>::new(OutcomeBounds {
        outcomes: 1,
        bytes: 1,
    });
    let outcome = tokio::sync::watch::Sender::new(None);
    let (present, watchers) = table.insert("page", outcome.subscribe(), Arc::default());
    assert!(table.leave(&"page", present.id).is_empty());
    tokio::time::advance(LINGER.running).await;
    assert!(table.watch(&"page").is_some());
    assert!(!table.remove_unwatched(&"page", present.id).0);
    assert!(table.holds(&"page") && *watchers.borrow() == 1);
}
