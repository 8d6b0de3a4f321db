//! A connector that does little, called repeatedly.

use std::fmt::{self, Display, Formatter};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use weld_host_tests::weld::Weld;

/// The pause between two requests, so that the requests themselves are not a load.
const PAUSE: Duration = Duration::from_millis(5);

/// The neighbor's client.
pub(crate) struct Neighbor(Weld);

/// How long its requests took.
pub(crate) struct Times {
    sorted: Vec<Duration>,
    /// Requests that got no page.
    pub(crate) failed: usize,
}

impl Neighbor {
    pub(crate) fn new(weld: Weld) -> Self {
        Self(weld)
    }

    /// Requests pages for this long.
    pub(crate) fn ask_for(&self, time: Duration) -> Times {
        let began = Instant::now();
        let mut times = Times {
            sorted: Vec::new(),
            failed: 0,
        };
        let mut number = 0_u32;
        while began.elapsed() < time {
            number += 1;
            let asked = Instant::now();
            let state = json!({ "page": number });
            let answer = self.0.page_request("beers", &state).try_send();
            times.sorted.push(asked.elapsed());
            if !answer.is_ok_and(|answer| answer.status() == 200) {
                times.failed += 1;
            }
            thread::sleep(PAUSE);
        }
        times.sorted.sort_unstable();
        times
    }
}

impl Times {
    fn at(&self, part: f64) -> f64 {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a place in a short list"
        )]
        let place =
            ((self.sorted.len() as f64 * part) as usize).min(self.sorted.len().saturating_sub(1));
        self.sorted
            .get(place)
            .map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
    }
}

impl Display for Times {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let (median, late, last) = (self.at(0.5), self.at(0.99), self.at(1.0));
        write!(formatter, "{median:.1}/{late:.1}/{last:.0}")?;
        match self.failed {
            0 => Ok(()),
            failed => write!(formatter, " ({failed} failed)"),
        }
    }
}
