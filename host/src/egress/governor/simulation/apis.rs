//! The ways in which APIs count.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::demo::FixedWindow;

/// An API's way to count.
pub(super) struct Count {
    /// Answers whether a call is granted, the limit, what remains and the reset as a header.
    pub(super) spend: Box<dyn FnMut(Instant) -> (bool, u32, u32, String) + Send>,
    /// How long after the beginning the first whole window of it begins: what was granted before isn't measured.
    pub(super) measured_from: Duration,
}

impl Count {
    pub(super) fn new(
        spend: impl FnMut(Instant) -> (bool, u32, u32, String) + Send + 'static,
    ) -> Self {
        Self {
            spend: Box::new(spend),
            measured_from: Duration::ZERO,
        }
    }

    fn measured_from(self, measured_from: Duration) -> Self {
        Self {
            measured_from,
            ..self
        }
    }
}

/// The demo API's own: a window begins with the first call after the last one's end, and its reset is told in seconds,
/// rounded up.
pub(super) fn demo(limit: u32, window: Duration) -> Count {
    let mut quota = FixedWindow::new(limit, window);
    Count::new(move |now| {
        let told = quota.spend(now.into_std()).expect("there is a limit");
        (
            told.granted,
            told.limit,
            told.remaining,
            told.reset.to_string(),
        )
    })
}

/// As the demo API, with resets that are rounded down.
pub(super) fn floored(limit: u32, window: Duration) -> Count {
    let mut quota = FixedWindow::new(limit, window);
    let mut began = Instant::now();
    Count::new(move |now| {
        let told = quota.spend(now.into_std()).expect("there is a limit");
        if told.granted && told.remaining == told.limit - 1 {
            began = now;
        }
        let left = window - (now - began);
        (
            told.granted,
            told.limit,
            told.remaining,
            left.as_secs().to_string(),
        )
    })
}

/// Windows that begin with the clock's, wherever in one the first call lies.
pub(super) fn aligned(limit: u32, window: Duration) -> Count {
    let began = Instant::now() - window / 3;
    let mut spent = (0, 0);
    Count::new(move |now| {
        let elapsed = now - began;
        let number = elapsed.as_nanos() / window.as_nanos();
        if spent.0 != number {
            spent = (number, 0);
        }
        let granted = spent.1 < limit;
        spent.1 += u32::from(granted);
        let left = window.as_secs_f64() * (number as f64 + 1.0) - elapsed.as_secs_f64();
        (granted, limit, limit - spent.1, left.ceil().to_string())
    })
    .measured_from(window - window / 3)
}

/// So many calls in any time as long as the window; tells when the next is free.
pub(super) fn sliding(limit: u32, window: Duration) -> Count {
    let mut calls = VecDeque::new();
    Count::new(move |now| {
        while calls.front().is_some_and(|call| *call + window <= now) {
            calls.pop_front();
        }
        let granted = calls.len() < limit as usize;
        if granted {
            calls.push_back(now);
        }
        let left = calls.front().map_or(window, |call| *call + window - now);
        let remaining = limit - u32::try_from(calls.len()).unwrap();
        (
            granted,
            limit,
            remaining,
            left.as_secs_f64().ceil().to_string(),
        )
    })
}

/// A bucket that fills evenly within the window; tells when it is full.
pub(super) fn bucket(limit: u32, window: Duration) -> Count {
    let (mut tokens, mut at) = (f64::from(limit), Instant::now());
    let rate = f64::from(limit) / window.as_secs_f64();
    Count::new(move |now| {
        tokens = (tokens + (now - at).as_secs_f64() * rate).min(f64::from(limit));
        at = now;
        let granted = tokens >= 1.0;
        if granted {
            tokens -= 1.0;
        }
        let full = (f64::from(limit) - tokens) / rate;
        (
            granted,
            limit,
            tokens.floor().to_string().parse().unwrap(),
            full.ceil().to_string(),
        )
    })
    // Until then it has its first fill besides.
    .measured_from(window)
}
