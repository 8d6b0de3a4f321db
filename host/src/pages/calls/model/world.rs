//! The table, together with the contents it should have.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Ending, Op};
use crate::pages::calls::tests::{TestOutcome, settle};
use crate::pages::calls::{CallPanic, Linger, OutcomeBounds, Retention, SharedCalls, Waiter};

/// The durations below are not multiples of a step, so that nothing happens exactly at a deadline.
const STEP: Duration = Duration::from_millis(300);
const LINGER: Linger = Linger {
    running: Duration::from_millis(1_000),
    finished: Duration::from_millis(700),
};

/// Small, so that few requests exceed it.
const BOUNDS: OutcomeBounds = OutcomeBounds {
    outcomes: 2,
    bytes: 6,
};

/// What the table should contain for one key.
struct Expected {
    call: usize,
    /// `None` while the call runs.
    keeping: Option<Retention>,
    /// The bytes of its outcome.
    bytes: u64,
    watchers: usize,
    unwatched_since: Option<Instant>,
}

struct Client {
    key: u8,
    call: usize,
    is_writing: bool,
    waiter: Waiter<u8, TestOutcome>,
}

pub(super) struct World {
    calls: SharedCalls<u8, TestOutcome>,
    expected: HashMap<u8, Expected>,
    /// Pages that are being written, by call, each with its number of clients.
    writing: HashMap<usize, (usize, Expected)>,
    clients: Vec<Client>,
    /// Ends each call since the last start, by its number.
    ends: HashMap<usize, oneshot::Sender<TestOutcome>>,
    /// How each call ended; `None` for a panic.
    ended: HashMap<usize, Option<TestOutcome>>,
    begun: usize,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            calls: SharedCalls::new(BOUNDS),
            expected: HashMap::new(),
            writing: HashMap::new(),
            clients: Vec::new(),
            ends: HashMap::new(),
            ended: HashMap::new(),
            begun: 0,
        }
    }

    pub(super) async fn step(&mut self, op: &Op) {
        match *op {
            Op::Arrive(key, apart) => self.arrive(key, apart),
            Op::Leave(which) => {
                if let Some(client) = self.take_client(which) {
                    let (key, call, is_writing) = (client.key, client.call, client.is_writing);
                    drop(client);
                    if is_writing {
                        self.break_off(key, call);
                    }
                    self.leave(key, call);
                }
            }
            Op::Write(which) => self.write(which),
            Op::Deliver(which) => self.deliver(which),
            Op::Finish(key, ending) => self.finish(key, ending),
            Op::Pass(steps) => {
                for _ in 0..steps {
                    tokio::time::advance(STEP).await;
                    self.settle().await;
                    self.expire();
                }
            }
            Op::MakeRoom => self.make_room(),
            Op::Restart => {
                let begun = self.begun;
                *self = Self::new();
                self.begun = begun;
            }
        }
        self.settle().await;
        self.check().await;
    }

    /// Lets every call run until it has to wait, those within their requests, too.
    async fn settle(&mut self) {
        for client in &mut self.clients {
            let _outcome = at_once(client.waiter.outcome());
        }
        settle().await;
    }

    fn arrive(&mut self, key: u8, apart: bool) {
        let call = self.begun + 1;
        let mut end = None;
        let mut waiter = self
            .calls
            .join(key, LINGER, (None, ""), |_, _| {
                let (sender, receiver) = oneshot::channel();
                end = Some(sender);
                async move { receiver.await.expect("the test lets this call panic") }
            })
            .expect("it is open");
        if apart {
            waiter.leave_task();
        }
        let expected = self.expected.entry(key);
        let is_there = matches!(expected, Entry::Occupied(_));
        assert_eq!(waiter.has_joined(), is_there, "key {key}");
        if let Some(end) = end {
            self.begun = call;
            self.ends.insert(call, end);
        }
        let expected = expected.or_insert(Expected {
            call,
            keeping: None,
            bytes: 0,
            watchers: 0,
            unwatched_since: None,
        });
        expected.watchers += 1;
        expected.unwatched_since = None;
        let call = expected.call;
        if expected.keeping == Some(Retention::UntilReported) {
            self.expected.remove(&key);
        }
        self.clients.push(Client {
            key,
            call,
            is_writing: false,
            waiter,
        });
    }

    fn take_client(&mut self, which: usize) -> Option<Client> {
        let which = which.checked_rem(self.clients.len())?;
        Some(self.clients.swap_remove(which))
    }

    fn leave(&mut self, key: u8, call: usize) {
        let there = self.expected.get_mut(&key);
        let expected = there
            .filter(|expected| expected.call == call)
            .or(self.writing.get_mut(&call).map(|(_, expected)| expected));
        if let Some(expected) = expected {
            expected.watchers -= 1;
            if expected.watchers == 0 {
                expected.unwatched_since = Some(Instant::now());
            }
        }
        self.shed();
    }

    /// Removes outcomes without waiters while there are too many, those left for the longest time first.
    fn shed(&mut self) {
        loop {
            let kept = self.expected.values().filter(|kept| kept.keeping.is_some());
            let all = kept.chain(self.writing.values().map(|(_, written)| written));
            let (outcomes, bytes) = all.fold((0, 0), |(outcomes, bytes), one| {
                (outcomes + 1, bytes + one.bytes)
            });
            let oldest = self
                .expected
                .iter()
                .filter(|(_, kept)| kept.keeping.is_some())
                .filter_map(|(key, kept)| Some((kept.unwatched_since?, kept.call, *key)))
                .min();
            match oldest {
                Some((_, _, key)) if outcomes > BOUNDS.outcomes || bytes > BOUNDS.bytes => {
                    self.expected.remove(&key);
                }
                _ => return,
            }
        }
    }

    /// A client is about to get the end of its page: nobody else may find the page.
    fn write(&mut self, which: usize) {
        let Some(which) = which.checked_rem(self.clients.len()) else {
            return;
        };
        let client = &mut self.clients[which];
        let is_page = matches!(self.ended.get(&client.call), Some(Some(outcome)) if outcome.keeping == Retention::UntilDelivered);
        if !is_page || client.is_writing {
            return;
        }
        client.waiter.delivering();
        if self
            .expected
            .get(&client.key)
            .is_some_and(|expected| expected.call == client.call)
            && let Some(expected) = self.expected.remove(&client.key)
        {
            self.writing.insert(client.call, (0, expected));
        }
        if let Some((writers, _)) = self.writing.get_mut(&client.call) {
            *writers += 1;
            client.is_writing = true;
        }
    }

    /// A page whose last delivery broke off can be found again, unless there is a newer one.
    fn break_off(&mut self, key: u8, call: usize) {
        let Some((writers, _)) = self.writing.get_mut(&call) else {
            return;
        };
        *writers -= 1;
        if *writers == 0
            && let Some((_, expected)) = self.writing.remove(&call)
        {
            self.expected.entry(key).or_insert(expected);
        }
        self.shed();
    }

    fn deliver(&mut self, which: usize) {
        let Some(client) = self.take_client(which) else {
            return;
        };
        if !client.is_writing {
            self.clients.push(client);
            return;
        }
        client.waiter.delivered();
        self.writing.remove(&client.call);
    }

    fn finish(&mut self, key: u8, ending: Ending) {
        let Some(expected) = self.expected.get_mut(&key) else {
            return;
        };
        let Some(end) = self.ends.remove(&expected.call) else {
            return;
        };
        let keeping = match ending {
            Ending::Page(_) => Retention::UntilDelivered,
            Ending::Failure => Retention::UntilReported,
            Ending::NoRoom => Retention::ForWaitersOnly,
            Ending::Panic => {
                self.ended.insert(expected.call, None);
                self.expected.remove(&key);
                drop(end);
                return;
            }
        };
        let bytes = match ending {
            Ending::Page(bytes) => bytes,
            _ => 0,
        };
        let outcome = TestOutcome {
            call: expected.call,
            bytes,
            keeping,
        };
        self.ended.insert(expected.call, Some(outcome.clone()));
        end.send(outcome).expect("the call runs");
        let stays = match keeping {
            Retention::UntilDelivered => true,
            Retention::UntilReported => expected.watchers == 0,
            Retention::ForWaitersOnly => false,
        };
        if stays {
            expected.keeping = Some(keeping);
            expected.bytes = bytes;
            // From now on the outcome's own time counts.
            expected.unwatched_since = expected.unwatched_since.map(|_| Instant::now());
        } else {
            self.expected.remove(&key);
        }
        self.shed();
    }

    /// Removes entries that nobody has waited for in their time.
    fn expire(&mut self) {
        self.expected.retain(|_, expected| {
            let linger = match expected.keeping {
                None => LINGER.running,
                Some(_) => LINGER.finished,
            };
            expected
                .unwatched_since
                .is_none_or(|since| since.elapsed() < linger)
        });
    }

    fn make_room(&mut self) {
        let spared = self
            .expected
            .iter()
            .filter(|(_, expected)| expected.keeping.is_none())
            .filter_map(|(key, expected)| Some((expected.unwatched_since?, expected.call, *key)))
            .filter(|(since, _, _)| since.elapsed() >= STEP)
            .min();
        assert_eq!(
            self.calls.cancel_unwatched(STEP, |_| true),
            spared.is_some()
        );
        if let Some((_, _, oldest)) = spared {
            self.expected.remove(&oldest);
        }
    }

    async fn check(&mut self) {
        let (outcomes, bytes) = self.calls.unwatched_outcomes();
        assert!(outcomes <= BOUNDS.outcomes && bytes <= BOUNDS.bytes);
        for key in 0..4 {
            assert_eq!(
                self.calls.holds(&key),
                self.expected.contains_key(&key),
                "key {key}"
            );
        }
        for (call, end) in &self.ends {
            let is_expected = self
                .expected
                .values()
                .any(|expected| expected.call == *call && expected.keeping.is_none());
            assert_eq!(!end.is_closed(), is_expected, "call {call}");
        }
        for client in &mut self.clients {
            match self.ended.get(&client.call) {
                // The call has ended, so its outcome must be there without waiting.
                Some(outcome) => {
                    let received = at_once(client.waiter.outcome());
                    assert_eq!(
                        received,
                        Some(outcome.clone().ok_or(CallPanic)),
                        "call {}",
                        client.call
                    );
                }
                None => {
                    assert_eq!(at_once(client.waiter.outcome()), None);
                    let is_running = self
                        .ends
                        .get(&client.call)
                        .is_some_and(|end| !end.is_closed());
                    assert!(is_running, "waits for call {}, which is gone", client.call);
                }
            }
        }
    }
}

/// The output of a future that is ready now.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}
