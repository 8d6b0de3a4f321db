use super::*;

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

#[test]
fn times_are_written_as_they_were_read() {
    for text in [
        "0001-01-01T00:00:00Z",
        "1600-02-29T00:00:00Z",
        "1900-02-28T23:59:59Z",
        "1969-12-31T23:59:59.999999999Z",
        "1970-01-01T00:00:00Z",
        "1999-12-31T23:59:59.250Z",
        "2000-02-29T12:30:45.000001Z",
        "2024-12-31T00:00:00Z",
        "2024-02-29T23:59:59Z",
        "9999-12-31T23:59:59Z",
    ] {
        assert_eq!(time(text).to_string(), text);
    }
}

#[test]
fn each_day_of_four_centuries_is_written_and_read_back() {
    let mut day = time("1800-01-01T00:00:00Z");
    let end = time("2200-03-01T00:00:00Z");
    let mut count = 0;
    while day < end {
        assert_eq!(time(&day.to_string()), day);
        day = day.after(Duration::from_secs(86_400));
        count += 1;
    }
    assert_eq!(day, end);
    assert_eq!(count, 146_156);
}

#[test]
fn seconds_since_1970_are_correct() {
    for (text, seconds) in [
        ("1970-01-01T00:00:00Z", 0),
        ("2001-09-09T01:46:40Z", 1_000_000_000),
        ("2024-02-29T23:59:60Z", 1_709_251_199),
        ("2033-05-18T03:33:20Z", 2_000_000_000),
        ("1969-12-31T23:59:59Z", -1),
    ] {
        assert_eq!(time(text).unix(), seconds, "{text}");
        assert_eq!(Time::from_unix(seconds).unix(), seconds);
    }
}

#[derive(serde::Deserialize)]
struct TimeTable {
    values: Vec<TimeCase>,
    headers: Vec<TimeCase>,
}

#[derive(serde::Deserialize)]
struct TimeCase {
    what: String,
    text: String,
    time: Option<String>,
}

fn table() -> TimeTable {
    serde_json::from_str(include_str!("../../../time.json")).unwrap()
}

#[test]
fn times_are_parsed_as_in_the_other_kits() {
    for TimeCase { what, text, time } in table().values {
        let read = text.parse::<Time>().ok().map(|time| time.to_string());
        assert_eq!(read, time, "{what}: {text:?}");
    }
}

#[test]
fn moved_times_cross_days_and_years_and_stay_within_the_calendar() {
    let minute = Duration::from_secs(60);
    let begin = time("2024-01-01T00:00:30Z");
    assert_eq!(begin.before(minute).to_string(), "2023-12-31T23:59:30Z");
    assert_eq!(begin.before(minute).after(minute), begin);
    assert_eq!(begin.since(begin.before(minute)), minute);
    assert_eq!(begin.before(minute).since(begin), Duration::ZERO);
    assert_eq!(
        begin.before(Duration::MAX).to_string(),
        "0001-01-01T00:00:00Z"
    );
    assert!(
        begin
            .after(Duration::MAX)
            .to_string()
            .starts_with("9999-12-31T23:59:59")
    );
}

#[test]
fn times_in_headers_are_parsed_as_in_the_other_kits() {
    for TimeCase { what, text, time } in table().headers {
        let read = Time::of_header(&text).map(|time| time.to_string());
        assert_eq!(read, time, "{what}: {text:?}");
    }
}

#[test]
fn http_dates_are_parsed() {
    let date = Time::http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
    assert_eq!(date.to_string(), "2026-10-21T07:28:00Z");
    for text in [
        "30",
        "Wed, 21 Okt 2026 07:28:00 GMT",
        "Wed, 21 Oct 2026 07:28:00",
        "",
    ] {
        assert_eq!(Time::http_date(text), None, "{text}");
    }
}
