//! Decides which components compile when: a component that takes minutes to compile must not delay the others.
//!
//! There are as many places as processors, and at least two. A compilation that has taken longer than [`TURN`] needs
//! one of the places for long compilations, which are all places but one. If they are taken and another component
//! waits, the compilation must yield: its compiler is stopped, and it starts again when such a place is free. So a new
//! component waits for seconds, not for minutes. Of the components that wait for their first turn, the smallest goes
//! first.

use std::collections::BTreeSet;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use crate::lock::Mutex;

/// How long a compilation may occupy a place that others wait for. Most components take less.
const TURN: Duration = Duration::from_secs(2);

/// The places of compilers.
pub(super) struct CompilePlaces {
    count: usize,
    taken: Mutex<TakenPlaces>,
    changed: Notify,
}

#[derive(Default)]
struct TakenPlaces {
    /// All compilations.
    all: usize,
    /// Those that may continue to their end.
    long: usize,
    /// Those that wait for their first turn: the component's size in bytes, and a unique number.
    waiting: BTreeSet<(usize, u64)>,
    tickets: u64,
}

impl CompilePlaces {
    /// Places for a machine with this many processors.
    pub(super) fn new(processors: u32) -> Arc<Self> {
        Arc::new(Self {
            count: (processors as usize).max(2),
            taken: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// A place, if one is free and no component waits for it.
    pub(super) fn try_first(self: &Arc<Self>) -> Option<CompilePlace> {
        let mut taken = self.taken.lock();
        let is_free = taken.all < self.count && taken.waiting.is_empty();
        is_free.then(|| {
            taken.all += 1;
            CompilePlace::new(self, false)
        })
    }

    /// Waits for a first turn, for a component of `component_bytes`.
    pub(super) async fn first(self: &Arc<Self>, component_bytes: usize) -> CompilePlace {
        let ticket = PlaceRequest::new(self, component_bytes);
        self.until(|taken| {
            let is_next = taken.waiting.first() == Some(&ticket.number);
            let may = taken.all < self.count && is_next;
            may.then(|| taken.all += 1)
        })
        .await;
        CompilePlace::new(self, false)
    }

    /// Waits for a place that may be kept until the end.
    pub(super) async fn long(self: &Arc<Self>) -> CompilePlace {
        self.until(|taken| {
            let may = taken.all < self.count && taken.long + 1 < self.count;
            may.then(|| {
                taken.all += 1;
                taken.long += 1;
            })
        })
        .await;
        CompilePlace::new(self, true)
    }

    /// Waits until `take` returns something.
    async fn until<T>(&self, mut take: impl FnMut(&mut TakenPlaces) -> Option<T>) -> T {
        loop {
            let mut changed = pin!(self.changed.notified());
            // From here on, no change is missed.
            changed.as_mut().enable();
            if let Some(found) = take(&mut self.taken.lock()) {
                return found;
            }
            changed.await;
        }
    }

    fn change(&self, change: impl FnOnce(&mut TakenPlaces)) {
        change(&mut self.taken.lock());
        self.changed.notify_waiters();
    }
}

/// A place for compiling one component, freed when dropped.
pub(super) struct CompilePlace {
    places: Arc<CompilePlaces>,
    is_long: bool,
}

impl CompilePlace {
    fn new(places: &Arc<CompilePlaces>, is_long: bool) -> Self {
        Self {
            places: places.clone(),
            is_long,
        }
    }

    /// Waits until the compilation must yield, because it takes long and others wait; waits forever if it need not.
    pub(super) async fn must_yield(&mut self) {
        if !self.is_long {
            sleep(TURN).await;
            let most = self.places.count - 1;
            self.is_long = self
                .places
                .until(|taken| {
                    if taken.long < most {
                        taken.long += 1;
                        Some(true)
                    } else {
                        (!taken.waiting.is_empty()).then_some(false)
                    }
                })
                .await;
        }
        if self.is_long {
            pending().await
        }
    }
}

impl Drop for CompilePlace {
    fn drop(&mut self) {
        self.places.change(|taken| {
            taken.all -= 1;
            taken.long -= usize::from(self.is_long);
        });
    }
}

/// A place in the queue, left when dropped.
struct PlaceRequest {
    places: Arc<CompilePlaces>,
    number: (usize, u64),
}

impl PlaceRequest {
    fn new(places: &Arc<CompilePlaces>, component_bytes: usize) -> Self {
        let mut number = (component_bytes, 0);
        places.change(|taken| {
            taken.tickets += 1;
            number.1 = taken.tickets;
            taken.waiting.insert(number);
        });
        Self {
            places: places.clone(),
            number,
        }
    }
}

impl Drop for PlaceRequest {
    fn drop(&mut self) {
        self.places.change(|taken| {
            taken.waiting.remove(&self.number);
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, timeout};

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    /// Compiles for `time` in total, like the compiler; returns how often it had to start.
    async fn compile(places: Arc<CompilePlaces>, component_bytes: usize, time: Duration) -> u32 {
        let mut place = places.first(component_bytes).await;
        if timeout(time, place.must_yield()).await.is_err() {
            return 1;
        }
        drop(place);
        let _place = places.long().await;
        sleep(time).await;
        2
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_component_waits_for_a_turn_of_a_long_compilation_not_for_its_end() {
        let places = CompilePlaces::new(1);
        for _ in 0..4 {
            tokio::spawn(compile(places.clone(), 1, LONG));
        }
        sleep(TURN * 10).await;
        let began = Instant::now();
        let tries = compile(places, 1, TURN / 2).await;
        assert_eq!((tries, began.elapsed()), (1, TURN / 2), "a place is free");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_compilation_yields_only_if_another_waits() {
        let places = CompilePlaces::new(2);
        let first = tokio::spawn(compile(places.clone(), 1, LONG));
        let second = tokio::spawn(compile(places.clone(), 1, LONG));
        sleep(TURN * 10).await;
        assert!(places.try_first().is_none(), "both continue");
        let began = Instant::now();
        let newcomer = compile(places, 1, TURN / 2).await;
        assert_eq!((newcomer, began.elapsed()), (1, TURN / 2));
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn the_smallest_component_goes_first() {
        let places = CompilePlaces::new(2);
        let held = [places.try_first(), places.try_first()];
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = tokio::task::JoinSet::new();
        for bytes in [30, 10, 20] {
            let (places, order) = (places.clone(), order.clone());
            waiting.spawn(async move {
                let place = places.first(bytes).await;
                order.lock().push(bytes);
                drop(place);
            });
        }
        sleep(TURN).await;
        assert!(order.lock().is_empty(), "no place is free");
        drop(held);
        waiting.join_all().await;
        assert_eq!(*order.lock(), [10, 20, 30]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_wait_does_not_delay_others() {
        let places = CompilePlaces::new(2);
        let held = [places.try_first(), places.try_first()];
        let given_up = timeout(TURN, places.first(1)).await;
        assert!(given_up.is_err());
        drop(held);
        assert!(places.try_first().is_some());
        assert_eq!(places.taken.lock().all, 0);
    }
}
