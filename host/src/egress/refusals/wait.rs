//! The wait that a refusal asks for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, header};
use serde_json::Value;

use crate::config::{BodyPath, RefusalWait, TimeUnit, WaitPlace};
use crate::egress::governor::{QuotaReadings, time_until};

/// A value that should be a wait and can't be read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::egress) struct UnreadWait {
    /// Its place, as the configuration file names it.
    pub(in crate::egress) place: String,
    pub(in crate::egress) value: String,
}

/// The wait of a refusal: first from the place that the rule names, then from the usual headers, then from the rule
/// itself. `None` if there is none of these, or if a quota is spent, whose reset counts. Also returns the value at
/// the rule's place if it can't be read.
pub(super) fn of_refusal(
    wait: &RefusalWait,
    headers: &HeaderMap,
    body: Option<&Value>,
    readings: &QuotaReadings,
) -> (Option<Duration>, Option<UnreadWait>) {
    let place = wait.place.as_ref();
    let found = place.map(|place| at(place, wait.unit, headers, body));
    let (found, unread) = match found.unwrap_or(Ok(None)) {
        Ok(found) => (found, None),
        Err(unread) => (None, Some(unread)),
    };
    let of_refusal = found
        .or(readings.retry_after)
        .filter(|wait| !wait.is_zero())
        .or(wait.otherwise.filter(|_| !readings.has_reset_of_spent()));
    (of_refusal, unread)
}

fn at(
    place: &WaitPlace,
    unit: Option<TimeUnit>,
    headers: &HeaderMap,
    body: Option<&Value>,
) -> Result<Option<Duration>, UnreadWait> {
    let read_at = |place: String, value: String| match read(&value, unit, clock(headers)) {
        Some(wait) => Ok(Some(wait)),
        None => Err(UnreadWait { place, value }),
    };
    match place {
        WaitPlace::Header(name) => headers.get(name).map_or(Ok(None), |value| {
            let value = String::from_utf8_lossy(value.as_bytes());
            read_at(name.to_string(), value.into_owned())
        }),
        WaitPlace::Body(path) => {
            let found = body.and_then(|body| path.first(body));
            found.map_or(Ok(None), |value| match value {
                Value::Null => Ok(None),
                Value::String(text) => read_at(path.to_string(), text.clone()),
                value => read_at(path.to_string(), value.to_string()),
            })
        }
        WaitPlace::Refill {
            needed,
            available,
            rate,
        } => {
            let number = |path: &BodyPath| path.first(body?)?.as_f64();
            let seconds = || {
                let missing = number(needed)? - number(available)?;
                Duration::try_from_secs_f64((missing / number(rate)?).max(0.0)).ok()
            };
            Ok(seconds())
        }
    }
}

/// A time in a unit. Without a unit, it may have any form that APIs use in headers, or be seconds with a fraction and
/// an `s`, as Google writes them.
fn read(text: &str, unit: Option<TimeUnit>, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let seconds = |text: &str, unit: Duration| {
        let number: f64 = text.parse().ok()?;
        Duration::try_from_secs_f64(number * unit.as_secs_f64()).ok()
    };
    match unit {
        Some(TimeUnit::From(unit)) => seconds(text, unit),
        Some(TimeUnit::Since1970(unit)) => {
            let then = UNIX_EPOCH.checked_add(seconds(text, unit)?)?;
            Some(then.duration_since(now).unwrap_or_default())
        }
        None => time_until(text, now)
            .or_else(|| seconds(text.strip_suffix('s')?, Duration::from_secs(1))),
    }
}

/// The API's clock if the response shows it: its dates follow that clock.
fn clock(headers: &HeaderMap) -> SystemTime {
    let date = headers.get(header::DATE);
    date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        .unwrap_or_else(SystemTime::now)
}
