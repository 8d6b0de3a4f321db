//! How long a refusal asks to wait.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, header};
use serde_json::Value;

use crate::config::{BodyPath, RefusalWait, TimeUnit, WaitPlace};
use crate::egress::governor::{QuotaReadings, time_until};

/// The wait of a refusal: what the response says where the rule looks, then what it says in the usual headers, then the
/// rule's own. `None` if there is none of these, or if a quota is spent, whose reset counts.
pub(super) fn told(
    wait: &RefusalWait,
    headers: &HeaderMap,
    body: Option<&Value>,
    readings: &QuotaReadings,
) -> Option<Duration> {
    let place = wait.place.as_ref();
    place
        .and_then(|place| at(place, wait.unit, headers, body))
        .or(readings.retry_after)
        .filter(|wait| !wait.is_zero())
        .or(wait.otherwise.filter(|_| !readings.has_reset_of_spent()))
}

fn at(
    place: &WaitPlace,
    unit: Option<TimeUnit>,
    headers: &HeaderMap,
    body: Option<&Value>,
) -> Option<Duration> {
    let clock = || clock(headers);
    match place {
        WaitPlace::Header(name) => read(headers.get(name)?.to_str().ok()?, unit, clock()),
        WaitPlace::Body(path) => match path.first(body?)? {
            Value::String(text) => read(text, unit, clock()),
            Value::Number(number) => read(&number.to_string(), unit, clock()),
            _ => None,
        },
        WaitPlace::Refill {
            needed,
            available,
            rate,
        } => {
            let number = |path: &BodyPath| path.first(body?)?.as_f64();
            let missing = number(needed)? - number(available)?;
            Duration::try_from_secs_f64((missing / number(rate)?).max(0.0)).ok()
        }
    }
}

/// A time in a unit. Without one, whatever form APIs use in headers, or seconds with a fraction and an `s`, as Google
/// writes them.
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

/// The API's clock if it tells it: dates are by that one.
fn clock(headers: &HeaderMap) -> SystemTime {
    let date = headers.get(header::DATE);
    date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        .unwrap_or_else(SystemTime::now)
}
