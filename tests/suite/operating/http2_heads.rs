//! The memory that heads of HTTP/2 take.

use super::client::encrypted;
use super::http2_client::{Http2Client, request};
use crate::{assert_error, guests, host};
use weld_host_tests::until_some;

#[test]
fn targets_are_charged_and_a_head_without_memory_is_refused_with_an_answer() {
    let host = encrypted(host())
        .flag("--total-memory", "64MiB")
        .plugin("guest", guests::SLEEPS_INSIDE)
        .config(
            "guest",
            "[env]\nSLEEP_MS = \"3600000\"\n[limits]\nanswer-within = \"10s\"",
        )
        .start();
    let client = Http2Client::open(host.address());
    // A sixteenth of the memory holds 69 of these.
    let target = format!("/guest/?filler={}", "x".repeat(60_000));
    let streams: Vec<_> = (0..90)
        .map(|_| {
            let body = br#"{"name": "rows"}"#.to_vec();
            let request = request("POST", &target).body(()).unwrap();
            client.begin(request, Some(body)).unwrap()
        })
        .collect();
    let line = host.log().wait_for("the refusal", |line| {
        line.contains("kind=\"out_of_memory\"") && line.contains("client=127.0.0.1")
    });
    assert!(line.contains("--total-memory"), "{line}");
    // The others wait for their page, until they get a pending answer.
    let answers: Vec<_> = streams
        .into_iter()
        .map(|stream| stream.answer().unwrap())
        .collect();
    let (pending, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status() == 200);
    assert!(pending.len() >= 20, "{}", pending.len());
    for answer in refused {
        assert_error(answer, 500, "out_of_memory");
        assert!(answer.header("x-request-id").is_some());
    }
    let answer = until_some("there is memory again", || {
        let request = request("GET", &format!("/nobody{}", &target[6..]));
        let stream = client.begin(request.body(()).unwrap(), None).unwrap();
        let answer = stream.answer().unwrap();
        (answer.status() != 500).then_some(answer)
    });
    assert_error(&answer, 404, "unknown_connector");
}
