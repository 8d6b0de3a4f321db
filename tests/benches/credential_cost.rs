//! The cost of adding a credential to a call: the host's gate and client with and without one, measured in turn.
//!
//! `cargo bench -p weld-host-tests --bench credential_cost`. Server and clients run in this process, on loopback. The
//! response is tiny, so that searching it for the secret, whose cost grows with its size, does not count.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and can only stop where something is wrong"
)]

mod in_turn;

use std::net::SocketAddr;
use std::time::Duration;

use axum::routing::post;
use in_turn::{call, serve, way_to};

/// Bytes in a response.
const BODY: usize = 2;

/// The token endpoint's answer.
const TOKEN: &str = r#"{"access_token": "a-token-of-the-usual-length-0123456789", "token_type": "bearer", "expires_in": 3600}"#;

const KINDS: [(&str, &str); 6] = [
    ("none", ""),
    (
        "api-key",
        "kind = \"api-key\"\nquery = \"api_token\"\nvalue = \"a-key-of-the-usual-length-0123456789\"",
    ),
    (
        "basic",
        "kind = \"basic\"\nusername = \"weld\"\npassword = \"correct horse battery staple\"",
    ),
    (
        "bearer",
        "kind = \"bearer\"\ntoken = \"a-token-of-the-usual-length-0123456789\"",
    ),
    (
        "jwt",
        "kind = \"jwt\"\nalgorithm = \"HS256\"\nkey = \"correct horse battery staple\"\nclaims = { iss = \"weld\" }",
    ),
    (
        "oauth2",
        "kind = \"oauth2\"\ngrant = \"client-credentials\"\nclient-id = \"weld\"\nclient-secret = \"correct horse battery staple\"\ntoken-url = \"ORIGIN/token\"",
    ),
];

fn main() {
    let pairs = in_turn::pairs();
    let server = in_turn::server();
    let address = server.block_on(serve(
        in_turn::bodies(&[BODY]).route("/token", post(async || TOKEN)),
    ));
    in_turn::print_head(pairs);
    println!(
        "{:>10} {:>18} {:>18} {:>8} {:>6}",
        "kind", "with", "without", "more", "ratio"
    );
    for (kind, keys) in KINDS {
        let client = in_turn::client();
        let (with, without) = client.block_on(measure(address, keys, pairs));
        in_turn::print_row(&format!("{kind:>10}"), with, without);
    }
}

async fn measure(address: SocketAddr, keys: &str, pairs: usize) -> (Vec<Duration>, Vec<Duration>) {
    let auth = if keys.is_empty() {
        String::new()
    } else {
        let origin = format!("http://{address}");
        let keys = keys.replace("ORIGIN", &origin);
        format!("[auth.api]\nurls = [\"{origin}\"]\n{keys}")
    };
    let (with, without) = (way_to(address, &auth), way_to(address, ""));
    let url = format!("http://{address}/{BODY}");
    let pages = (with.page(), without.page());
    let with = async || call(&with, &pages.0, &url, BODY).await;
    let without = async || call(&without, &pages.1, &url, BODY).await;
    in_turn::measure(pairs, with, without).await
}
