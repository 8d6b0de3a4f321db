use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

struct Stage {
    admission: Admission,
    memory: Arc<HostAccount>,
}

fn stage(slots: u32, queue: u32, queue_wait: Duration) -> Stage {
    let settings = AdmissionSettings {
        slots,
        queue,
        queue_wait,
        max_concurrency: 6,
    };
    let memory = HostAccount::new(800);
    Stage {
        admission: Admission::new(settings, memory.clone()),
        memory,
    }
}

fn name(name: &str) -> ConnectorName {
    name.parse().unwrap()
}

type Asking<'a> = Pin<Box<dyn Future<Output = SlotResult> + 'a>>;

impl Stage {
    /// A call of a connector that may hold all slots.
    async fn slot(&self, connector: &str) -> SlotResult {
        self.admission
            .slot(&name(connector), Some(u32::MAX), |_| ())
            .await
    }

    /// A call that asks for a slot and usually waits.
    fn ask(&self, connector: &'static str, concurrency: Option<u32>) -> Asking<'_> {
        let mut asking: Asking<'_> = Box::pin(async move {
            self.admission
                .slot(&name(connector), concurrency, |_| ())
                .await
        });
        assert!(poll(&mut asking).is_pending());
        asking
    }
}

fn poll(asking: &mut Asking<'_>) -> Poll<SlotResult> {
    asking
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

fn got(asking: &mut Asking<'_>) -> Option<Slot> {
    match poll(asking) {
        Poll::Ready(admitted) => Some(admitted.unwrap()),
        Poll::Pending => None,
    }
}

fn full(asking: &mut Asking<'_>) -> Full {
    match poll(asking) {
        Poll::Ready(Err(ConnectorError::Busy { full, .. })) => full,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let stage = stage(1, 0, HOUR);
    let slot = stage.slot("a").await.unwrap();
    let Err(ConnectorError::Busy { full, .. }) = stage.slot("b").await else {
        panic!("there is no slot");
    };
    assert_eq!(full, Full::Slots { slots: 1 });
    drop(slot);
    assert!(stage.slot("b").await.is_ok());
}

#[tokio::test]
async fn call_that_waits_too_long_is_refused_and_leaves_the_queue() {
    let stage = stage(1, 1, Duration::ZERO);
    let slot = stage.slot("a").await.unwrap();
    for _ in 0..3 {
        assert!(stage.slot("a").await.is_err());
    }
    drop(slot);
    assert!(
        stage.slot("a").await.is_ok(),
        "the places of refused calls became free again"
    );
}

#[tokio::test]
async fn closing_is_reported_to_waiting_calls() {
    let stage = stage(1, 1, HOUR);
    let _slot = stage.slot("a").await.unwrap();
    let (waiting, ()) = tokio::join!(stage.slot("a"), async { stage.admission.close() });
    assert!(matches!(waiting, Err(ConnectorError::ShuttingDown)));
    assert!(matches!(
        stage.slot("a").await,
        Err(ConnectorError::ShuttingDown)
    ));
}

#[tokio::test(start_paused = true)]
async fn call_that_waits_for_long_asks_others_to_make_room() {
    let stage = stage(1, 1, Duration::from_secs(10));
    let slot = RefCell::new(stage.slot("a").await.ok());
    let asked = Cell::new(0);
    let (connector, all) = (name("b"), Some(u32::MAX));
    let waiting = stage.admission.slot(&connector, all, |evictable| {
        assert_eq!(evictable, Evictable::Any);
        asked.set(asked.get() + 1);
        if asked.get() == 3 {
            slot.take();
        }
    });
    assert!(waiting.await.is_ok());
    assert_eq!(asked.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_connector_at_its_concurrency_asks_its_own_calls_to_make_room() {
    let stage = stage(4, 4, Duration::from_secs(10));
    let connector = name("a");
    let slot = RefCell::new(stage.admission.slot(&connector, Some(1), |_| ()).await.ok());
    let waiting = stage.admission.slot(&connector, Some(1), |evictable| {
        assert_eq!(evictable, Evictable::Of(&connector));
        slot.take();
    });
    assert!(waiting.await.is_ok());
}

#[tokio::test]
async fn waiting_call_gets_the_slot_that_becomes_free() {
    let stage = stage(1, 1, HOUR);
    let slot = stage.slot("a").await.unwrap();
    let (waiting, ()) = tokio::join!(stage.slot("a"), async { drop(slot) });
    assert!(waiting.is_ok());
}

#[tokio::test]
async fn a_connector_has_a_quarter_of_the_slots_unless_it_is_configured() {
    for (slots, configured, expected) in [
        (8, None, 2),
        (1, None, 1),
        (3, None, 1),
        (8, Some(5), 5),
        (8, Some(100), 6),
        (32, None, 6),
        (4, Some(100), 4),
    ] {
        let stage = stage(slots, 100, HOUR);
        let mut held = Vec::new();
        for _ in 0..expected {
            held.push(
                stage
                    .admission
                    .slot(&name("a"), configured, |_| ())
                    .await
                    .unwrap(),
            );
        }
        let mut one_more = stage.ask("a", configured);
        held.pop();
        assert!(got(&mut one_more).is_some(), "{slots} {configured:?}");
    }
}

#[tokio::test]
async fn connector_at_its_concurrency_leaves_the_other_slots_to_others() {
    let stage = stage(4, 1, HOUR);
    let _slot = stage
        .admission
        .slot(&name("greedy"), None, |_| ())
        .await
        .unwrap();
    let _waits = stage.ask("greedy", None);
    assert!(stage.slot("other").await.is_ok());
    let mut refused: Asking<'_> =
        Box::pin(async { stage.admission.slot(&name("greedy"), None, |_| ()).await });
    assert_eq!(full(&mut refused), Full::Connector { concurrency: 1 });
}

#[tokio::test]
async fn connectors_that_wait_take_turns() {
    let stage = stage(1, 100, HOUR);
    let mut slot = Some(stage.slot("greedy").await.unwrap());
    let mut waiting = [
        ("greedy 1", stage.ask("greedy", Some(1))),
        ("greedy 2", stage.ask("greedy", Some(1))),
        ("greedy 3", stage.ask("greedy", Some(1))),
        ("modest 1", stage.ask("modest", Some(1))),
    ];
    let mut order = Vec::new();
    while let Some(held) = slot.take() {
        drop(held);
        for (name, asking) in &mut waiting {
            if !order.contains(name)
                && let Some(next) = got(asking)
            {
                order.push(*name);
                slot = Some(next);
            }
        }
    }
    assert_eq!(order, ["greedy 1", "modest 1", "greedy 2", "greedy 3"]);
}

#[tokio::test]
async fn full_queue_refuses_the_newest_call_of_the_connector_with_the_most() {
    let stage = stage(1, 2, HOUR);
    let slot = stage.slot("greedy").await.unwrap();
    let mut older = stage.ask("greedy", Some(1));
    let mut newer = stage.ask("greedy", Some(1));
    let mut modest = stage.ask("modest", Some(1));
    assert_eq!(full(&mut newer), Full::Connector { concurrency: 1 });
    drop(slot);
    let slot = got(&mut older).expect("the older one still waits");
    drop(slot);
    assert!(got(&mut modest).is_some());
}

#[tokio::test]
async fn calls_wait_while_memory_is_short_unless_there_are_no_others() {
    let stage = stage(4, 4, Duration::from_secs(1));
    let mut charge = stage.memory.charge(750).unwrap();
    let first = stage
        .slot("a")
        .await
        .expect("no other call could return memory");
    let mut second = stage.ask("b", Some(1));
    assert!(got(&mut second).is_none());
    charge.shrink(400);
    drop(first);
    assert!(got(&mut second).is_some());
}

#[tokio::test(start_paused = true)]
async fn memory_freed_without_a_slot_is_noticed() {
    let stage = stage(4, 4, Duration::from_secs(10));
    let _first = stage.slot("a").await.unwrap();
    let charge = stage.memory.charge(750).unwrap();
    let mut refused = pin!(stage.slot("b"));
    let cut_off = tokio::time::timeout(Duration::from_secs(3), refused.as_mut()).await;
    assert!(cut_off.is_err());
    drop(charge);
    assert!(refused.await.is_ok());
}

#[tokio::test]
async fn refusal_for_lack_of_memory_says_so() {
    let stage = stage(4, 0, HOUR);
    let _first = stage.slot("a").await.unwrap();
    let _charge = stage.memory.charge(750).unwrap();
    let mut refused: Asking<'_> = Box::pin(stage.slot("b"));
    assert_eq!(full(&mut refused), Full::Memory { limit_bytes: 800 });
}

#[tokio::test]
async fn slot_granted_to_a_call_that_left_is_returned() {
    let stage = stage(1, 4, HOUR);
    let slot = stage.slot("a").await.unwrap();
    let gone = stage.ask("a", Some(1));
    let mut next = stage.ask("b", Some(1));
    drop(slot);
    drop(gone);
    assert!(got(&mut next).is_some());
}
