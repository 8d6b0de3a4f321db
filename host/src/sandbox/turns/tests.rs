//! Calls that tests poll by hand, so that each test controls the order of events.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;
use std::time::Duration;

use super::*;

/// Counts wake-ups.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A call that a test controls: its script for each poll, and a log of all polls.
struct Driven {
    call: Pin<Box<TurnTaker<Script>>>,
    woken: Arc<Woken>,
    polls: Rc<Cell<usize>>,
}

/// Ends at poll number `ends_at`; if it `computes`, wakes itself at every other poll, like an epoch yield.
struct Script {
    name: &'static str,
    ends_at: usize,
    computes: bool,
    clock: Arc<CpuClock>,
    polls: Rc<Cell<usize>>,
    log: Rc<RefCell<Vec<&'static str>>>,
}

impl Future for Script {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.polls.set(self.polls.get() + 1);
        self.log.borrow_mut().push(self.name);
        if self.polls.get() == self.ends_at {
            return Poll::Ready(());
        }
        if self.computes {
            self.clock.interrupt().unwrap();
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

struct Stage {
    turns: Arc<Turns>,
    log: Rc<RefCell<Vec<&'static str>>>,
}

impl Stage {
    fn new(permits: u32) -> Self {
        Self {
            turns: Turns::new(permits),
            log: Rc::default(),
        }
    }

    fn call(&self, name: &'static str, connector: &str, ends_at: usize, computes: bool) -> Driven {
        let polls = Rc::new(Cell::new(0));
        let clock = CpuClock::new(Duration::from_secs(3600));
        let script = Script {
            name,
            ends_at,
            computes,
            clock: clock.clone(),
            polls: polls.clone(),
            log: self.log.clone(),
        };
        let connector = connector.parse().unwrap();
        Driven {
            call: Box::pin(TurnTaker::new(&self.turns, connector, clock, script)),
            woken: Arc::default(),
            polls,
        }
    }

    /// Takes a permit from outside, like a call on another thread.
    fn take(&self) -> Permit {
        self.turns.state().free -= 1;
        Permit(self.turns.clone())
    }

    fn free(&self) -> u32 {
        self.turns.state().free
    }
}

impl Driven {
    fn poll(&mut self) -> bool {
        let waker = Waker::from(self.woken.clone());
        let polled = self.call.as_mut().poll(&mut Context::from_waker(&waker));
        polled.is_ready()
    }

    fn wakes(&self) -> usize {
        self.woken.0.load(Ordering::Relaxed)
    }
}

#[test]
fn a_call_that_waits_holds_no_permit() {
    let stage = Stage::new(1);
    let mut sleeping = stage.call("sleeping", "a", 2, false);
    assert!(!sleeping.poll());
    assert_eq!(stage.free(), 1);
    let mut other = stage.call("other", "a", 1, false);
    assert!(other.poll(), "the permit is available to others");
    assert!(sleeping.poll());
    assert_eq!(stage.free(), 1, "ended calls have given it back");
}

#[test]
fn without_a_permit_the_call_is_not_polled_and_is_woken_once_when_its_turn_comes() {
    let stage = Stage::new(1);
    let permit = stage.take();
    let mut call = stage.call("call", "a", 1, false);
    for _ in 0..3 {
        assert!(!call.poll());
    }
    assert_eq!((call.polls.get(), call.wakes()), (0, 0), "it does not spin");
    drop(permit);
    assert_eq!(call.wakes(), 1);
    assert!(call.poll());
}

#[test]
fn a_permit_goes_to_a_waiting_call_before_a_new_one() {
    let stage = Stage::new(1);
    let permit = stage.take();
    let mut first = stage.call("first", "a", 1, false);
    assert!(!first.poll());
    drop(permit);
    let mut newcomer = stage.call("newcomer", "a", 1, false);
    assert!(!newcomer.poll());
    assert!(first.poll());
    assert!(newcomer.poll());
}

#[test]
fn a_wake_up_while_waiting_for_a_turn_is_not_lost() {
    let stage = Stage::new(1);
    let mut call = stage.call("call", "a", 2, false);
    assert!(!call.poll(), "it waits for something");
    let permit = stage.take();
    assert!(!call.poll(), "it happened, but there is no permit");
    assert_eq!(call.polls.get(), 1);
    drop(permit);
    assert!(call.poll(), "with the permit it is polled again");
}

#[test]
fn calls_that_compute_take_turns_between_connectors_and_within_one() {
    let stage = Stage::new(1);
    let mut calls = [
        stage.call("a1", "a", 4, true),
        stage.call("a2", "a", 4, true),
        stage.call("b1", "b", 4, true),
    ];
    let permit = stage.take();
    for call in &mut calls {
        assert!(!call.poll());
    }
    drop(permit);
    // As on one thread: calls that were woken are polled.
    for _ in 0..12 {
        for call in &mut calls {
            if call.polls.get() < 4 && call.woken.0.swap(0, Ordering::Relaxed) > 0 {
                call.poll();
            }
        }
    }
    let expected = [
        "a1", "b1", "a2", "b1", "a1", "b1", "a2", "b1", "a1", "a2", "a1", "a2",
    ];
    assert_eq!(*stage.log.borrow(), expected);
}

#[test]
fn a_call_that_computes_alone_is_polled_again() {
    let stage = Stage::new(1);
    let mut call = stage.call("call", "a", 3, true);
    assert!(!call.poll() && !call.poll());
    assert!(call.poll());
    assert_eq!(stage.free(), 1);
}

#[test]
fn a_cancelled_call_leaves_the_queue() {
    let stage = Stage::new(1);
    let permit = stage.take();
    let mut canceled = stage.call("canceled", "a", 1, false);
    let mut next = stage.call("next", "a", 1, false);
    assert!(!canceled.poll() && !next.poll());
    drop(canceled);
    drop(permit);
    assert!(next.poll());
    assert_eq!(stage.free(), 1);
}

#[test]
fn a_cancelled_call_passes_on_the_permit_that_it_was_given() {
    let stage = Stage::new(1);
    let permit = stage.take();
    let mut canceled = stage.call("canceled", "a", 1, false);
    let mut next = stage.call("next", "a", 1, false);
    assert!(!canceled.poll() && !next.poll());
    drop(permit);
    assert_eq!((canceled.wakes(), next.wakes()), (1, 0));
    drop(canceled);
    assert_eq!(next.wakes(), 1);
    assert!(next.poll());
    assert_eq!(stage.free(), 1);
}

#[test]
fn a_call_that_panics_gives_its_permit_back() {
    let stage = Stage::new(1);
    let clock = CpuClock::new(Duration::from_secs(3600));
    let panics = std::future::poll_fn(|_| -> Poll<()> { panic!("on purpose") });
    let mut call = Box::pin(TurnTaker::new(
        &stage.turns,
        "a".parse().unwrap(),
        clock,
        panics,
    ));
    let mut context = Context::from_waker(Waker::noop());
    assert!(catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut context))).is_err());
    assert_eq!(stage.free(), 1);
}

/// Every permit is used all the time, none twice, and all calls end: on real threads, with real wakers.
#[test]
fn at_most_as_many_calls_compute_at_once_as_there_are_permits() {
    const PERMITS: usize = 2;
    let turns = Turns::new(2);
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..64 {
            let (inside, most) = (inside.clone(), most.clone());
            let mut left = 50;
            let call = std::future::poll_fn(move |context| {
                let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                std::thread::yield_now();
                inside.fetch_sub(1, Ordering::SeqCst);
                left -= 1;
                if left == 0 {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            });
            let clock = CpuClock::new(Duration::from_secs(3600));
            let connector = format!("c{}", number % 5).parse().unwrap();
            calls.spawn(TurnTaker::new(&turns, connector, clock, call));
        }
        while let Some(ended) = calls.join_next().await {
            ended.unwrap();
        }
    });
    assert!(most.load(Ordering::SeqCst) <= PERMITS);
    let state = turns.state();
    assert_eq!(
        (state.free, state.waiting.len(), state.called.len()),
        (2, 0, 0)
    );
}
