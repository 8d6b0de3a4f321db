use http::HeaderValue;

use super::*;
use proptest::prelude::*;

/// 2026-11-24T00:00:00Z.
const NOW: u64 = 1_795_478_400;

fn clock() -> ApiClock {
    let own = UNIX_EPOCH + Duration::from_secs(NOW);
    ApiClock::of(&HeaderMap::new(), own)
}

fn read(text: &str) -> Result<Duration, TimeFault> {
    clock().read(text, NumberUnit::Seconds)
}

#[test]
fn a_time_is_read_in_every_spelling() {
    let seconds = Duration::from_secs;
    let cases = [
        ("0", seconds(0)),
        ("30", seconds(30)),
        (" 30 ", seconds(30)),
        ("\"30\"", seconds(30)),
        ("0.5", Duration::from_millis(500)),
        ("1.0000000009", seconds(1)),
        ("30.", seconds(30)),
        ("1795478430", seconds(30)),
        ("'1795478430'", seconds(30)),
        ("1795478430.25", Duration::from_millis(30_250)),
        ("1.79547843E9", seconds(30)),
        ("1795478430250", Duration::from_millis(30_250)),
        ("1795478430250.0", Duration::from_millis(30_250)),
        ("1795478430250000", Duration::from_millis(30_250)),
        ("1795478430250000000", Duration::from_millis(30_250)),
        ("639310752300000000", seconds(30)),
        ("1795478399", seconds(0)),
        ("1000000000", seconds(0)),
        ("Tue, 24 Nov 2026 00:00:30 GMT", seconds(30)),
        ("Tue, 24 Nov 2026 00:00:30 UTC", seconds(30)),
        ("Tue, 24 Nov 2026 01:00:30 +0100", seconds(30)),
        ("24 Nov 2026 00:00:30 GMT", seconds(30)),
        ("Tuesday, 24-Nov-26 00:00:30 GMT", seconds(30)),
        ("Tue Nov 24 00:00:30 2026", seconds(30)),
        ("Tue Nov 24 00:00:30 UTC 2026", seconds(30)),
        ("Tue Nov 24 00:00:30 +0000 2026", seconds(30)),
        ("Mon, 23 Nov 2026 00:00:30 GMT", seconds(0)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", seconds(0)),
        ("2026-11-24T00:00:30Z", seconds(30)),
        ("2026-11-24T00:00:30.000Z", seconds(30)),
        ("2026-11-24T01:00:30+01:00", seconds(30)),
        ("2026-11-24T00:00:30", seconds(30)),
        ("2026-11-24T00:00:30.25", Duration::from_millis(30_250)),
        ("2026-11-24 00:00:30", seconds(30)),
        ("2026-11-24 00:00:30 UTC", seconds(30)),
        ("2026-11-24 00:00:30 +0000", seconds(30)),
        ("2026-11-24 00:00:30 +0000 UTC", seconds(30)),
        ("1970-01-01T00:00:00Z", seconds(0)),
        ("6m0s", seconds(360)),
        ("20ms", Duration::from_millis(20)),
        ("30 seconds", seconds(30)),
        ("PT30S", seconds(30)),
        ("00:00:30", seconds(30)),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), Ok(expected), "{text:?}");
    }
}

#[test]
fn invalid_times_are_distinguished_from_implausible_ones() {
    for text in ["-1", ".5", "1.2.3", "soon", "NaN", "", "11/24/2026", "0x1f"] {
        assert_eq!(read(text), Err(TimeFault::Unreadable), "{text:?}");
    }
    let long = format!("{}30", "0".repeat(MAX_BYTES));
    assert_eq!(read(&long), Err(TimeFault::Unreadable));
    for text in [
        "99999999",
        "29924641",
        "17954784300",
        "179547843000000",
        "99999999999999999999999",
        "2099-01-01T00:00:00Z",
        "9000h",
        "4102444800",
    ] {
        let fault = read(text).unwrap_err();
        let is_too_long = fault == TimeFault::Implausible || text == "9000h";
        assert!(is_too_long, "{text:?}: {fault}");
    }
    assert_eq!(
        clock().read("30250", NumberUnit::Milliseconds),
        Ok(Duration::from_millis(30_250))
    );
    assert_eq!(
        clock().read("1795478430250", NumberUnit::Milliseconds),
        Ok(Duration::from_millis(30_250)),
        "since 1970, whatever the name says"
    );
}

#[test]
fn clock_of_the_api_is_its_date_plus_the_time_in_caches() {
    let clock = |lines: &[(&'static str, &'static str)]| {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        ApiClock::of(&headers, UNIX_EPOCH + Duration::from_secs(NOW))
    };
    // The API's clock is an hour ahead.
    let date = ("date", "Tue, 24 Nov 2026 01:00:00 GMT");
    for (lines, left) in [
        (vec![date], 60),
        (vec![date, ("age", "0")], 60),
        (vec![date, ("age", "45")], 15),
        (vec![date, ("age", "90")], 0),
        (vec![date, ("age", "old")], 60),
        (vec![("age", "45")], 3660),
        (vec![("date", "yesterday")], 3660),
        (vec![("date", "Thu, 01 Jan 1970 00:00:00 GMT")], 3660),
    ] {
        let clock = clock(&lines);
        for reset in ["1795482060", "Tue, 24 Nov 2026 01:01:00 GMT"] {
            let read = clock.read(reset, NumberUnit::Seconds);
            assert_eq!(read, Ok(Duration::from_secs(left)), "{lines:?} {reset}");
        }
        assert_eq!(
            clock.read("30", NumberUnit::Seconds),
            Ok(Duration::from_secs(30)),
            "from when the response came"
        );
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}", seconds in 0..=u64::MAX / 2) {
        let own = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH);
        let clock = ApiClock::of(&HeaderMap::new(), own);
        if let Ok(left) = clock.read(&text, NumberUnit::Seconds) {
            prop_assert!(left <= MOST);
        }
    }

    #[test]
    fn no_number_is_held_for_longer_than_a_month(number in any::<u64>(), fraction in "[0-9]{0,12}") {
        for unit in [NumberUnit::Seconds, NumberUnit::Milliseconds] {
            if let Ok(left) = clock().read(&format!("{number}.{fraction}"), unit) {
                prop_assert!(left <= MOST);
            }
        }
    }
}

#[test]
fn a_time_of_day_is_not_read() {
    let clock = ApiClock::of(&HeaderMap::new(), UNIX_EPOCH);
    for text in ["17:13:54", "17:13", "\"01:00:10\""] {
        let read = clock.read(text, NumberUnit::Seconds);
        assert_eq!(read, Err(TimeFault::Unreadable), "{text}");
    }
}

#[test]
fn dates_of_headers_are_read_as_in_every_kit() {
    #[derive(serde::Deserialize)]
    struct TimeTable {
        headers: Vec<TimeCase>,
    }
    #[derive(serde::Deserialize)]
    struct TimeCase {
        text: String,
        time: Option<String>,
    }
    let table = include_str!("../../../../../kit/time.json");
    let table: TimeTable = serde_json::from_str(table).unwrap();
    for TimeCase { text, time } in table.headers {
        let now = time.as_ref().map(|time| {
            let time: Timestamp = time.parse().unwrap();
            SystemTime::try_from(time).unwrap() - Duration::from_secs(30)
        });
        let wait = until(&text, now.unwrap_or(UNIX_EPOCH));
        let expected = time.map(|_| Duration::from_secs(30));
        assert_eq!(wait, expected, "{text}");
    }
}
