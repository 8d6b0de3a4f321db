//! How long pages and failures are kept, and which requests get them.

use std::time::Duration;

use super::{LINGER, World, settle};
use crate::pages::calls::{OutcomeBounds, Retention};

#[tokio::test(start_paused = true)]
async fn page_stays_until_it_is_delivered_and_no_longer() {
    let world = World::new();
    let (mut cut_off, end) = world.begin("page");
    end.send(world.page()).unwrap();
    assert_eq!(cut_off.outcome().await, Ok(world.page()));
    drop(cut_off);
    let (mut delivered, another) = world.ask("page");
    assert!(
        another.is_none(),
        "the connection broke, so the page is still there"
    );
    assert_eq!(delivered.outcome().await, Ok(world.page()));
    let (mut at_the_same_time, _) = world.ask("page");
    delivered.delivering();
    delivered.delivered();
    let (_next, another) = world.ask("page");
    assert!(another.is_some(), "a later request gets a new page");
    let old = at_the_same_time.outcome().await.unwrap();
    assert_eq!(old.call, 1, "an earlier waiter gets the old page");
    at_the_same_time.delivered();
    let (_joined, another) = world.ask("page");
    assert!(another.is_none(), "which does not affect the new one");
}

#[tokio::test(start_paused = true)]
async fn page_being_written_goes_to_no_other_request_unless_the_delivery_breaks_off() {
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
    assert!(!world.calls.holds(&"page"), "one delivery is still running");
    drop(other);
    assert!(world.calls.holds(&"page"), "no client has received it");
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
async fn failure_is_reported_to_all_waiters_and_then_forgotten() {
    let world = World::new();
    let (mut one, end) = world.begin("page");
    let (mut other, _) = world.ask("page");
    let failure = world.outcome(0, Retention::UntilReported);
    end.send(failure.clone()).unwrap();
    assert_eq!(one.outcome().await, Ok(failure.clone()));
    assert!(
        world.ask("page").1.is_some(),
        "already reported, though not yet to the other waiter"
    );
    assert_eq!(other.outcome().await, Ok(failure));
}

#[tokio::test(start_paused = true)]
async fn unreported_failure_goes_to_the_next_request_only() {
    let world = World::new();
    let (waiter, end) = world.begin("page");
    drop(waiter);
    let failure = world.outcome(0, Retention::UntilReported);
    end.send(failure.clone()).unwrap();
    settle().await;
    let (mut next, another) = world.ask("page");
    assert!(another.is_none());
    assert_eq!(next.outcome().await, Ok(failure));
    assert!(world.ask("page").1.is_some());
}

#[tokio::test(start_paused = true)]
async fn lack_of_room_is_not_reported_to_the_next_request() {
    let world = World::new();
    let (waiter, end) = world.begin("page");
    drop(waiter);
    end.send(world.outcome(0, Retention::ForWaitersOnly))
        .unwrap();
    settle().await;
    assert!(world.ask("page").1.is_some());
}

#[tokio::test(start_paused = true)]
async fn pages_that_take_too_much_are_dropped_the_longest_left_first() {
    for (bounds, bytes) in [
        (
            OutcomeBounds {
                outcomes: 2,
                bytes: 1_000,
            },
            10,
        ),
        (
            OutcomeBounds {
                outcomes: 100,
                bytes: 1_000,
            },
            400,
        ),
    ] {
        let world = World::with(bounds);
        let (held, end) = world.begin("held");
        end.send(world.outcome(bytes, Retention::UntilDelivered))
            .unwrap();
        settle().await;
        for key in ["first", "second"] {
            let (waiter, end) = world.begin(key);
            drop(waiter);
            end.send(world.outcome(bytes, Retention::UntilDelivered))
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
async fn pages_stay_within_their_bounds_when_waiters_leave() {
    for broken_off in [false, true] {
        let world = World::with(OutcomeBounds {
            outcomes: 100,
            bytes: 1_000,
        });
        let mut waiters = Vec::new();
        for key in ["first", "second", "third"] {
            let (mut waiter, end) = world.begin(key);
            end.send(world.outcome(400, Retention::UntilDelivered))
                .unwrap();
            settle().await;
            if broken_off {
                waiter.delivering();
            }
            waiters.push(waiter);
        }
        for waiter in waiters {
            drop(waiter);
            settle().await;
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(world.calls.unwatched_outcomes(), (2, 800), "{broken_off}");
        assert!(!world.calls.holds(&"first"), "{broken_off}");
    }
}
