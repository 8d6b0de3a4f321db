//! States and schemas that the host keeps for calls count towards `--total-memory`. Each case has room for all
//! charges but one.

use crate::{assert_error, guests, host};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use weld_host_tests::host::Host;
use weld_host_tests::mark::{assert_pending, marked};
use weld_host_tests::until;
use weld_host_tests::upstream::Upstream;

const KIB: usize = 1 << 10;

/// The memory of all calls together, in KiB.
const TOTAL: usize = 128 * KIB;

/// Copies of a state: how many its request takes, how many more its call takes, and how many an answer that returns
/// it takes.
const REQUEST: usize = 2;
const CALL: usize = 3;
const GIVEN_BACK: usize = 2;

/// A host whose connector's configuration ends with its limits.
fn host_with(component: &str, config: &str) -> Host {
    host()
        .flag("--total-memory", "128MiB")
        .flag("--max-body", "64MiB")
        .plugin("guest", component)
        .config("guest", &format!("{config}\nstate-size = \"48MiB\""))
        .start()
}

/// A state of this many KiB, with or without a mark.
fn state(kibibytes: usize, mark: Option<Timestamp>) -> Value {
    let mut state = mark.map_or_else(
        || json!({}),
        |not_before| marked(not_before, Timestamp::now(), 0),
    );
    state["text"] = json!("x".repeat(kibibytes * KIB));
    state
}

fn assert_out_of_memory(host: &Host, table: &str, state: &Value) {
    let answer = host.weld("guest").page(table, state);
    let message = assert_error(&answer, 500, "out_of_memory");
    assert!(message.contains("--total-memory"), "{message}");
}

#[test]
fn state_returned_before_its_time_is_charged() {
    let config = "[limits]\nanswer-within = \"50ms\"";
    let host = host_with(guests::WAITS_BETWEEN_PAGES, config);
    let later = Some(Timestamp::now() + SignedDuration::from_mins(30));
    let much = 36 * KIB;
    assert!(REQUEST * much < TOTAL && (REQUEST + GIVEN_BACK) * much > TOTAL);
    assert_out_of_memory(&host, "rows", &state(much, later));
    assert_pending(&host.weld("guest").page("rows", &state(much / 2, later)));
}

#[test]
fn state_of_a_call_is_charged() {
    let host = host_with(guests::SLEEPS_INSIDE, "[limits]\nmemory = \"64MiB\"");
    // The guest has its own copy.
    let much = 28 * KIB;
    assert!((REQUEST + 2) * much < TOTAL && (REQUEST + CALL) * much > TOTAL);
    assert_out_of_memory(&host, "rows", &state(much, None));
    host.weld("guest").good_page("rows", &state(much / 2, None));
}

#[test]
fn state_returned_while_its_call_is_running_is_charged() {
    let config = "[env]\nSLEEP_MS = \"3600000\"\n[limits]\nanswer-within = \"500ms\"\nlinger = \"0s\"\npage-timeout = \"2h\"";
    let host = host_with(guests::SLEEPS_INSIDE, config);
    // The guest has its own copy, and uses some more memory.
    let much = 18 * KIB;
    let beside = REQUEST + CALL + 1;
    assert!(beside * much + 4 * KIB < TOTAL && (beside + GIVEN_BACK) * much > TOTAL);
    assert_out_of_memory(&host, "rows", &state(much, None));
    let answer = host.weld("guest").page("rows", &state(much / 2, None));
    assert_pending(&answer);
    assert_eq!(answer.header("weld-host-pending"), Some("running"));
}

#[test]
fn state_that_a_rate_limit_marks_is_charged() {
    let upstream = Upstream::start(|_, exchange| exchange.answer(429, &[], ""));
    let config = format!(
        "[env]\nURL = \"{}\"\nRATE_LIMIT_MS = \"60000\"\n[network]\nallow = [\"{}\"]\n[rate-limit]\nretries = 0\n[limits]",
        upstream.url("/"),
        upstream.origin()
    );
    let host = host_with(guests::IS_RATE_LIMITED, &config);
    // The guest has its own copy, which is gone by the time of the mark.
    let much = 19 * KIB + KIB / 2;
    let beside = REQUEST + CALL;
    assert!((beside + 1) * much + 4 * KIB < TOTAL && (beside + GIVEN_BACK) * much > TOTAL);
    assert_out_of_memory(&host, "rows", &state(much, None));
    assert_pending(&host.weld("guest").page("rows", &state(much / 2, None)));
}

#[test]
fn kept_schemas_are_charged_and_make_room_for_others() {
    const CONNECTORS: usize = 14;
    let config = "[env]\nTABLES = \"2000\"\nESCAPED = \"1000\"\n[limits]\nmemory = \"96MiB\"\nschema-size = \"16MiB\"\nschema-ttl = \"1h\"";
    let mut builder = host()
        .flag("--total-memory", "128MiB")
        .flag("--log", "debug");
    for number in 0..CONNECTORS {
        builder = builder
            .plugin(&format!("guest-{number}"), guests::DESCRIBES_MUCH)
            .config(&format!("guest-{number}"), config);
    }
    let host = builder.start();
    let ask_all = || {
        for number in 0..CONNECTORS {
            let answer = host.weld(&format!("guest-{number}")).schema();
            assert_eq!(
                answer.status(),
                200,
                "{number}: {} bytes",
                answer.body.len()
            );
        }
    };
    let calls = || {
        let lines = host.log().so_far();
        let ended = |line: &&String| line.contains("call ended") && line.contains("request_id");
        lines.iter().filter(ended).count()
    };
    ask_all();
    ask_all();
    // All of them together would exceed the limit.
    until("a connector is asked again", || calls() > CONNECTORS);
}
