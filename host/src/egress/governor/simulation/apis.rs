//! The ways in which APIs count calls.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::demo::FixedWindow;

/// One API's way to count calls.
pub(super) struct Count {
    /// Returns whether a call is granted, the limit, the remainder, and the reset for a header.
    pub(super) spend: Box<dyn FnMut(Instant) -> (bool, u32, u32, String) + Send>,
    /// How long after the beginning the first whole window begins: calls granted before that aren't measured.
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

/// As the demo API counts: a window begins with the first call after the end of the last one, and its reset is stated
/// in seconds, rounded up.
pub(super) fn demo(limit: u32, window: Duration) -> Count {
    let mut quota = FixedWindow::new(limit, window);
    Count::new(move |now| {
        let totals = quota.spend(now.into_std()).expect("there is a limit");
        (
            totals.granted,
            totals.limit,
            totals.remaining,
            totals.reset.to_string(),
        )
    })
}

/// As the demo API, but with resets rounded down.
pub(super) fn floored(limit: u32, window: Duration) -> Count {
    let mut quota = FixedWindow::new(limit, window);
    let mut began = Instant::now();
    Count::new(move |now| {
        let totals = quota.spend(now.into_std()).expect("there is a limit");
        if totals.granted && totals.remaining == totals.limit - 1 {
            began = now;
        }
        let left = window - (now - began);
        (
            totals.granted,
            totals.limit,
            totals.remaining,
            left.as_secs().to_string(),
        )
    })
}

/// Windows that follow the clock, so that the first call may lie anywhere within one.
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

/// This many calls in any period as long as the window; states when the next one is free.
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

/// A bucket that refills evenly within the window; states when it is full.
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
    // Until then, the first fill is available in addition.
    .measured_from(window)
}
