//! The gate to the network, tried by both imports of a guest: `http-fetch` and `wasi:http` get the same answers, and
//! refused requests reach nobody.
//!
//! The host runs inside the test's process, so that names and connections can be scripted: see [`world`].

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

/// Sends every attempt by both imports, and fails with all that were not refused as expected.
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
fn names_never_lead_to_addresses_of_special_use() {
    assert_refused(&names::attempts());
}

#[test]
fn requests_outside_the_rules_are_refused() {
    assert_refused(&rules::attempts());
}

#[test]
fn malformed_and_forged_requests_are_not_sent() {
    assert_refused(&forms::attempts());
}

#[test]
fn followed_redirect_is_checked_again() {
    assert_refused(&redirects::attempts());
}

#[test]
fn every_table_of_attempts_has_its_rows() {
    let attempts = [
        literals::attempts(),
        names::attempts(),
        rules::attempts(),
        forms::attempts(),
        redirects::attempts(),
    ];
    // Otherwise tables that lost their rows would pass. Each row is tried by both imports.
    let sizes = attempts.map(|attempts| attempts.len());
    assert!(sizes.iter().sum::<usize>() >= 400, "{sizes:?}");
}
