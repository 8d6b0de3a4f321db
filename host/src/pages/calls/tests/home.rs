//! Calls that run within their first request.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{End, LINGER, TestOutcome, World, settle};
use crate::pages::calls::{CallPanic, Waiter};

fn world() -> World {
    World {
        apart: false,
        ..World::new()
    }
}

/// Waits for a moment, as a request does.
async fn wait_a_moment(waiter: &mut Waiter<&'static str, TestOutcome>) {
    let moment = tokio::time::timeout(Duration::from_millis(1), waiter.outcome());
    assert!(moment.await.is_err(), "it has no outcome yet");
}

/// A call that its request has begun to run.
async fn begun(world: &World) -> (Waiter<&'static str, TestOutcome>, End) {
    let (mut waiter, end) = world.begin("page");
    wait_a_moment(&mut waiter).await;
    (waiter, end)
}

#[tokio::test(start_paused = true)]
async fn call_goes_on_without_the_request_that_ran_it() {
    let world = world();
    let (waiter, end) = begun(&world).await;
    drop(waiter);
    settle().await;
    assert!(!end.is_closed());
    end.send(world.page()).unwrap();
    settle().await;
    let (mut again, another) = world.ask("page");
    assert!(another.is_none());
    assert_eq!(again.outcome().await, Ok(world.page()));
}

#[tokio::test(start_paused = true)]
async fn others_get_the_outcome_of_a_call_whose_request_left() {
    let world = world();
    let (first, end) = begun(&world).await;
    let (mut second, another) = world.ask("page");
    assert!(another.is_none());
    wait_a_moment(&mut second).await;
    drop(first);
    end.send(world.page()).unwrap();
    assert_eq!(second.outcome().await, Ok(world.page()));
}

#[tokio::test(start_paused = true)]
async fn page_whose_client_breaks_off_is_kept_for_its_time() {
    let world = world();
    let (mut waiter, end) = begun(&world).await;
    end.send(world.page()).unwrap();
    assert_eq!(waiter.outcome().await, Ok(world.page()));
    waiter.delivering();
    drop(waiter);
    settle().await;
    tokio::time::advance(LINGER.finished - Duration::from_secs(1)).await;
    settle().await;
    assert!(world.calls.holds(&"page"));
    tokio::time::advance(Duration::from_secs(2)).await;
    settle().await;
    assert!(!world.calls.holds(&"page"));
}

#[tokio::test(start_paused = true)]
async fn panic_of_a_call_does_not_reach_its_request() {
    let world = world();
    let (mut waiter, end) = begun(&world).await;
    drop(end);
    assert_eq!(waiter.outcome().await, Err(CallPanic));
    assert!(world.ask("page").1.is_some());
}

#[tokio::test(start_paused = true)]
async fn drain_ends_a_call_within_its_request() {
    let world = world();
    let (mut waiter, end) = begun(&world).await;
    let calls = world.calls.clone();
    let draining = tokio::spawn(async move { calls.drain(Instant::now()).await });
    assert_eq!(waiter.outcome().await, Err(CallPanic));
    assert!(end.is_closed());
    assert_eq!(draining.await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn call_is_polled_only_when_it_is_woken() {
    let world = world();
    let polls = Arc::new(AtomicUsize::new(0));
    let (sender, mut end) = oneshot::channel();
    let counted = polls.clone();
    let joined = world.calls.join("page", LINGER, (None, ""), |_, _| {
        poll_fn(move |context| {
            counted.fetch_add(1, Ordering::Relaxed);
            Pin::new(&mut end).poll(context).map(Result::unwrap)
        })
    });
    let mut waiter = joined.unwrap();
    for _ in 0..9 {
        wait_a_moment(&mut waiter).await;
    }
    assert_eq!(polls.load(Ordering::Relaxed), 1);
    sender.send(world.page()).unwrap();
    assert_eq!(waiter.outcome().await, Ok(world.page()));
    assert_eq!(polls.load(Ordering::Relaxed), 2);
}

#[test]
fn request_that_outlives_its_runtime_drops_its_call() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let (waiter, end) = runtime.block_on(async { begun(&world()).await });
    drop(runtime);
    drop(waiter);
    assert!(end.is_closed());
}
