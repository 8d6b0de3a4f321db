//! The gate to the network, from both sides that a guest can come from: `http-fetch` and `wasi:http` get the same
//! answers, and what is refused reaches nobody.
//!
//! Here the host runs inside the test's process, so that names and connections can be scripted: see [`world`].

mod attempt;
mod canary;
mod connections;
mod controls;
mod forms;
mod literals;
mod names;
mod redirects;
mod rules;
mod world;

use attempt::Attempt;
use world::World;

/// What the connectors of these tests may reach, by the names of their configurations.
const CONFIGS: &[(&str, &str)] = &[
    (
        "rules",
        r#"
        [network]
        allow = [
            "http://*.example.com",
            "http://api.example.net",
            "https://tls.example.net",
            "http://ports.example.net:8080",
            "GET,POST http://paths.example.net/v1",
        ]
        "#,
    ),
    (
        "networks",
        r#"
        [network]
        allow = ["http://*.example.com"]
        allow-networks = ["10.0.0.0/8", "169.254.0.0/16", "fd00::/8"]
        "#,
    ),
    (
        "metadata",
        r#"
        [network]
        allow = ["http://*.example.com"]
        allow-networks = ["169.254.169.254/32"]
        "#,
    ),
    (
        "literals",
        r#"
        [network]
        allow = ["http://*.example.com", "http://10.1.2.3", "http://[fd00::1]:8080", "http://169.254.169.254"]
        "#,
    ),
    (
        "redirects",
        r#"
        [network]
        allow = ["http://*.example.com", "GET http://paths.example.net/v1"]
        follow-redirects = 3
        "#,
    ),
];

/// Makes every attempt by both imports, and fails with all that were not refused as they should be.
fn assert_refused(attempts: &[Attempt]) {
    let world = World::start(CONFIGS);
    let wrong: Vec<String> = attempts
        .iter()
        .flat_map(|attempt| attempt.make(&world))
        .collect();
    assert!(
        !attempts.is_empty() && wrong.is_empty(),
        "{} wrong of {}:\n{}",
        wrong.len(),
        attempts.len(),
        wrong.join("\n")
    );
}

#[test]
fn no_spelling_of_an_address_gets_past_the_rules() {
    assert_refused(&literals::attempts());
}

#[test]
fn names_lead_to_no_address_of_special_use() {
    assert_refused(&names::attempts());
}

#[test]
fn what_is_beside_the_rules_is_not_reached() {
    assert_refused(&rules::attempts());
}

#[test]
fn malformed_and_forged_requests_are_not_sent() {
    assert_refused(&forms::attempts());
}

#[test]
fn followed_redirect_passes_the_whole_gate_again() {
    assert_refused(&redirects::attempts());
}

#[test]
fn attempts_are_more_than_a_handful() {
    let attempts = [
        literals::attempts(),
        names::attempts(),
        rules::attempts(),
        forms::attempts(),
        redirects::attempts(),
    ];
    // Tables that lost their rows would pass. Each row is tried by both imports.
    let sizes = attempts.map(|attempts| attempts.len());
    assert!(sizes.iter().sum::<usize>() >= 400, "{sizes:?}");
}
