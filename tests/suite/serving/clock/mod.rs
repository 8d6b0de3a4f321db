//! A wall clock that jumps by a day while the host serves: nothing ends early, nothing waits for a day, and dates
//! follow the clock. This happens on machines whose clock is set after they have started, and on those that were
//! suspended.

mod apis;

use crate::{cache_folder, guests, host};
use jiff::{SignedDuration, Timestamp};
use rustix::process::Signal;
use serde_json::json;
use std::fs;
use weld_host_tests::clock::ShiftedClock;
use weld_host_tests::gate::Gate;
use weld_host_tests::host::HostBuilder;
use weld_host_tests::mark::{assert_pending, mark};
use weld_host_tests::upstream::Upstream;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Forward by a day, and back by a day.
const JUMPS: [SignedDuration; 2] = [DAY, SignedDuration::from_hours(-24)];

/// A host with this connector and its configuration, and with this clock.
fn host_by(clock: &ShiftedClock, component: &str, config: &str) -> HostBuilder {
    host()
        .clock(clock)
        .plugin("guest", component)
        .config("guest", config)
}

/// The time at which a line of the log was written, by the host's clock.
fn time_of(line: &str) -> Timestamp {
    let time = line.split_whitespace().next().unwrap_or_default();
    time.parse()
        .unwrap_or_else(|_| panic!("no time begins {line}"))
}

/// Whether two times are equal, apart from the duration of a test.
fn is_about(one: Timestamp, other: Timestamp) -> bool {
    one.duration_since(other).abs() < SignedDuration::from_hours(1)
}

#[test]
fn lines_of_the_log_show_the_clock_as_it_is() {
    let clock = ShiftedClock::right();
    let host = host_by(&clock, guests::ECHOES_STATE, "").start();
    for (number, offset) in [JUMPS[0], SignedDuration::ZERO, JUMPS[1]]
        .into_iter()
        .enumerate()
    {
        clock.shift(offset);
        let table = format!("table-{number}");
        host.weld("guest").good_page(&table, &json!({}));
        let line = host.log().wait_for_text(&table);
        assert!(
            is_about(time_of(&line), ShiftedClock::now(offset)),
            "{line}"
        );
    }
}

#[test]
fn wait_between_pages_is_over_after_a_jump_forward_and_bounded_after_one_back() {
    let clock = ShiftedClock::right();
    let config =
        "[env]\nWAIT_MS = \"3600000\"\n[limits]\nanswer-within = \"300ms\"\nmax-wait = \"2h\"";
    let host = host_by(&clock, guests::WAITS_BETWEEN_PAGES, config).start();
    let weld = host.weld("guest");
    let state = weld.good_page("rows", &json!({}))["state"].clone();
    let back = JUMPS[1];
    clock.shift(back);
    let page = assert_pending(&weld.page("rows", &state));
    let latest = ShiftedClock::now(back) + SignedDuration::from_hours(2);
    assert!(mark(&page).not_before <= latest, "{page}");
    // It continues once its new time has come, however the clock moves.
    clock.shift(back + SignedDuration::from_hours(3));
    assert_eq!(weld.good_page("rows", &page["state"])["insert"][0]["id"], 2);
    clock.shift(DAY);
    assert_eq!(weld.good_page("rows", &state)["insert"][0]["id"], 2);
}

#[test]
fn held_request_is_not_held_longer_after_a_jump() {
    for jump in JUMPS {
        let clock = ShiftedClock::right();
        let config = "[env]\nWAIT_MS = \"2000\"\n[limits]\nanswer-within = \"1h\"";
        let host = host_by(&clock, guests::WAITS_BETWEEN_PAGES, config)
            .flag("--log", "debug")
            .start();
        let weld = host.weld("guest");
        let state = weld.good_page("rows", &json!({}))["state"].clone();
        let held = weld.page_request("rows", &state).begin().unwrap();
        host.log().wait_for_text("held until its time");
        clock.shift(jump);
        let page = held.answer().unwrap().json();
        assert_eq!(page["insert"][0]["id"], 2, "{jump}: {page}");
    }
}

#[test]
fn sleeps_and_timeouts_ignore_jumps_of_the_clock() {
    for jump in JUMPS {
        let clock = ShiftedClock::right();
        let config = "[env]\nSLEEP_MS = \"2000\"\n[limits]\npage-timeout = \"1h\"";
        let host = host_by(&clock, guests::SLEEPS_INSIDE, config).start();
        let page = host.weld("guest").page_request("rows", &json!({}));
        let page = page.begin().unwrap();
        host.log().wait_for_text("begun");
        clock.shift(jump);
        let page = page.answer().unwrap();
        assert_eq!(page.status(), 200, "{jump}: {}", page.text());
        assert_eq!(page.json()["insert"], json!([{ "slept": true }]), "{jump}");
    }
}

#[test]
fn sleep_of_an_hour_is_not_shortened_by_a_jump_forward() {
    let clock = ShiftedClock::right();
    let config = "[env]\nSLEEP_MS = \"3600000\"\n[limits]\npage-timeout = \"3h\"";
    let mut host = host_by(&clock, guests::SLEEPS_INSIDE, config)
        .plugin("other", guests::ECHOES_STATE)
        .start();
    let page = host.weld("guest").page_request("rows", &json!({}));
    let page = page.begin().unwrap();
    host.log().wait_for_text("begun");
    clock.shift(DAY);
    for number in 0..10 {
        host.weld("other")
            .good_page("rows", &json!({ "n": number }));
    }
    host.signal(Signal::TERM);
    let answer = page.answer().unwrap();
    assert_pending(&answer);
    assert_eq!(answer.header("weld-host-pending"), Some("running"));
    assert_eq!(host.wait_for_exit().code(), Some(0));
}

#[test]
fn page_kept_for_the_next_request_survives_a_jump() {
    for jump in JUMPS {
        let clock = ShiftedClock::right();
        let release = Gate::shut();
        let hold = release.clone();
        let upstream = Upstream::start(move |_, exchange| {
            hold.pass("the test to release the upstream");
            exchange.answer(200, &[], "late");
        });
        let config = format!(
            "[network]\nallow = [\"{}\"]\n[limits]\nanswer-within = \"50ms\"\nlinger = \"1h\"",
            upstream.origin()
        );
        let host = host_by(&clock, guests::FETCHES, &config)
            .flag("--log", "debug")
            .start();
        let state = json!({ "url": upstream.url("/") });
        assert_pending(&host.weld("guest").page("rows", &state));
        release.open();
        host.log().wait_for("the end of the call", |line| {
            line.contains("call ended") && line.contains("request_id")
        });
        clock.shift(jump);
        let row = host.weld("guest").good_row("rows", &state);
        assert_eq!(row["body"], "late", "{jump}");
        assert_eq!(upstream.received().len(), 1, "{jump}: no call was repeated");
    }
}

#[test]
fn connectors_are_loaded_and_reloaded_after_a_jump() {
    let clock = ShiftedClock::right();
    let host = host_by(&clock, guests::ECHOES_STATE, "")
        .flag("--reload", "100ms")
        .flag("--cache", &cache_folder().display().to_string())
        .start();
    for (number, jump) in JUMPS.into_iter().enumerate() {
        clock.shift(jump);
        let name = format!("new-{number}");
        let path = host.plugins().join(format!("{name}.wasm"));
        fs::copy(guests::ECHOES_STATE, path).unwrap();
        host.log().wait_for("the new connector", |line| {
            line.contains("connector loaded") && line.contains(&name)
        });
        host.weld(&name).good_page("rows", &json!({}));
        let config = format!("[limits]\ncalls = {}", number + 7);
        fs::write(host.plugins().join("guest.toml"), config).unwrap();
        let reloaded = |lines: &[String]| {
            let is_reload = |line: &&String| line.contains("connector reloaded");
            lines.iter().filter(is_reload).count() == number + 1
        };
        assert!(host.log().wait_until(reloaded), "{jump}");
    }
}
