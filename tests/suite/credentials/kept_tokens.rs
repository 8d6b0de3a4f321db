//! Refresh tokens that an API rotates, across restarts of the host.

use crate::egress::fetch;
use crate::{guests, host};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, mpsc};
use weld_host_tests::PATIENCE;
use weld_host_tests::gate::Gate;
use weld_host_tests::host::Host;
use weld_host_tests::mark::assert_pending;
use weld_host_tests::upstream::Upstream;

/// In hexadecimal digits.
const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// An API that accepts each refresh token once, beginning with `the-first-token`, and each access token once.
pub(super) fn api() -> Upstream {
    gated_api(|| {})
}

/// The same, and before it answers a request for a token, it does this.
fn gated_api(before: impl Fn() + Send + Sync + 'static) -> Upstream {
    let state = Mutex::new((String::from("the-first-token"), String::new(), 0));
    Upstream::start(move |request, exchange| {
        if request.target() == "/token" {
            before();
        }
        let mut state = state.lock().unwrap();
        let (refresh, access, renewals) = &mut *state;
        if request.target() != "/token" {
            let sent = request.header("authorization").unwrap_or_default();
            let is_good = !access.is_empty() && sent == format!("Bearer {access}");
            access.clear();
            exchange.answer(if is_good { 200 } else { 401 }, &[], "{}");
            return;
        }
        let mut fields = request
            .text()
            .split('&')
            .map(str::to_owned)
            .collect::<Vec<_>>();
        fields.retain(|field| *field == format!("refresh_token={refresh}"));
        if fields.is_empty() {
            exchange.answer(400, &[], r#"{"error": "invalid_grant"}"#);
            return;
        }
        *renewals += 1;
        *refresh = format!("refresh-token-{renewals}");
        *access = format!("access-token-{renewals}");
        let answer = json!({"access_token": access, "refresh_token": refresh, "expires_in": 3600});
        exchange.answer(200, &[], answer.to_string());
    })
}

fn start(api: &Upstream, tokens: &Path, key: Option<&str>) -> Host {
    let Some(key) = key else {
        return start_with(api, tokens, None);
    };
    let file = tokens.with_extension("key");
    fs::write(&file, format!("{key}\n")).unwrap();
    start_with(api, tokens, Some(&file))
}

/// A host with the connector `guest`, whose credential `api` is for this API.
pub(super) fn start_with(api: &Upstream, tokens: &Path, key_file: Option<&Path>) -> Host {
    let origin = api.origin();
    let config = format!(
        "[network]\nallow = [\"{origin}\"]\n[auth.api]\nurls = [\"{origin}/beers\"]\nkind = \"oauth2\"\n\
         grant = \"refresh-token\"\ntoken-url = \"{origin}/token\"\nclient-id = \"weld\"\n\
         refresh-token = \"the-first-token\"\n"
    );
    let mut builder = host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &config)
        .flag("--tokens", &tokens.display().to_string());
    if let Some(file) = key_file {
        builder = builder.flag("--token-key-file", &file.display().to_string());
    }
    builder.start()
}

pub(super) fn called(host: &Host, api: &Upstream) -> Value {
    fetch(host, &json!({ "url": api.url("/beers") }))
}

#[test]
fn replaced_token_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    let api = api();
    for _ in 0..3 {
        let host = start(&api, &tokens, Some(KEY));
        for _ in 0..2 {
            let row = called(&host, &api);
            assert_eq!(row["status"], 200, "{row}");
        }
        let log = host.log().so_far().join("\n");
        assert!(!log.contains("refresh-token-"), "{log}");
    }
    assert!(tokens.join("guest/api.token").is_file());
}

#[test]
fn token_that_is_being_requested_is_stored_before_the_host_ends() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    let (arrived, release) = (Gate::shut(), Gate::shut());
    let (arrival, hold) = (arrived.clone(), release.clone());
    let api = gated_api(move || {
        arrival.open();
        hold.pass("the test to release the token");
    });
    let mut host = start(&api, &tokens, Some(KEY));
    let state = json!({ "url": api.url("/beers") });
    let page = host.weld("guest").page_request("rows", &state);
    let page = page.begin().unwrap();
    arrived.pass("the request for a token");
    host.terminate();
    assert_pending(&page.answer().unwrap());
    host.log().wait_for_text("requests for tokens");
    release.open();
    assert_eq!(host.wait_for_exit().code(), Some(0));
    let row = called(&start(&api, &tokens, Some(KEY)), &api);
    assert_eq!(row["status"], 200, "{row}");
}

#[test]
fn loss_of_a_replaced_token_without_a_key_is_announced_once() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    let api = api();
    let host = start(&api, &tokens, None);
    for _ in 0..3 {
        let row = called(&host, &api);
        assert_eq!(row["status"], 200, "{row}");
    }
    let line = host.log().wait_for_text("kept in memory only");
    assert!(line.contains("WELD_TOKEN_KEY"), "{line}");
    let lines = host.log().so_far();
    let told = lines
        .iter()
        .filter(|line| line.contains("kept in memory only"));
    assert_eq!(told.count(), 1, "{lines:?}");
    assert!(!tokens.exists());
}

#[test]
fn paths_on_the_host_reach_neither_the_connector_nor_weld() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    let api = api();
    let host = start(&api, &tokens, Some(KEY));
    assert_eq!(called(&host, &api)["status"], 200);
    drop(host);
    damage(&tokens);
    let host = start(&api, &tokens, Some(KEY));
    let path = folder.path().display().to_string();
    let row = called(&host, &api);
    assert_eq!(row["error"], "credentials", "{row}");
    let detail = row["detail"].as_str().unwrap_or_default();
    assert!(
        detail.contains("its file is damaged") && detail.contains("guest.toml"),
        "{row}"
    );
    let failing = json!({ "url": api.url("/beers"), "on_error": "fail" });
    let answer = host.weld("guest").page("rows", &failing).text();
    for told in [&row.to_string(), &answer] {
        assert!(!told.contains(&path), "{told}");
    }
    host.log().wait_for_text(&path);
}

/// Overwrites every file in the folder.
fn damage(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            damage(&path);
        } else {
            fs::write(&path, b"no token").unwrap();
        }
    }
}

/// An API that issues a new refresh token with each access token, accepts all that it has issued, and reports when it
/// is called.
fn forgiving_api(asked: mpsc::Sender<()>) -> Upstream {
    let renewals = AtomicU32::new(0);
    Upstream::start(move |request, exchange| {
        if request.target() != "/token" {
            exchange.answer(200, &[], "{}");
            return;
        }
        let number = renewals.fetch_add(1, Ordering::Relaxed);
        let answer = json!({
            "access_token": format!("access-token-{number}"),
            "refresh_token": format!("refresh-token-{number}-{}", "x".repeat(40_000)),
            "expires_in": 1,
        });
        exchange.answer(200, &[], answer.to_string());
        let _nobody_may_wait = asked.send(());
    })
}

#[test]
fn host_killed_while_storing_a_token_leaves_a_complete_one() {
    const KILLS: u64 = 12;
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    let (asked, was_asked) = mpsc::channel();
    let api = forgiving_api(asked);
    let being_written = tokens.join("guest").join("api.new");
    // A page gets its token only after the token was stored.
    assert_eq!(
        called(&start(&api, &tokens, Some(KEY)), &api)["status"],
        200
    );
    was_asked.recv_timeout(PATIENCE).unwrap();
    for kill in 0..KILLS {
        let mut host = start(&api, &tokens, Some(KEY));
        let request = json!({ "url": api.url("/beers"), "kill": kill });
        let _cut_short = host
            .weld("guest")
            .page_request("rows", &request)
            .begin()
            .unwrap();
        was_asked.recv_timeout(PATIENCE).unwrap();
        // The kill comes at any time between the answer and the end of the write; if the file is seen, in the middle
        // of the write.
        let _was_seen = (0..kill * 300).any(|_| being_written.exists());
        host.signal(Signal::KILL);
        host.wait_for_exit();
    }
    let host = start(&api, &tokens, Some(KEY));
    let row = called(&host, &api);
    assert_eq!(row["status"], 200, "{row}");
    let log = host.log().so_far().join("\n");
    assert!(!log.contains("damaged"), "{log}");
    let sent = api.received();
    let last = sent
        .iter()
        .rfind(|request| request.target() == "/token")
        .unwrap();
    assert!(
        last.text().contains("refresh_token=refresh-token-"),
        "a token stored before a kill is used after it"
    );
}

#[test]
fn last_failure_is_known_until_a_token_arrives() {
    let api = Upstream::start(|request, exchange| {
        let is_token = request.target() == "/token";
        let body = r#"{"error": "invalid_grant", "error_description": "the-first-token is over"}"#;
        exchange.answer(if is_token { 400 } else { 200 }, &[], body);
    });
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    let host = start(&api, &tokens, Some(KEY));
    for _ in 0..3 {
        called(&host, &api);
    }
    let asked = api.received();
    assert_eq!(asked.len(), 1, "a refusal is remembered for a while");
    let status = || {
        let mut command = std::process::Command::new(crate::PROGRAM);
        command
            .args(["auth", "status", "--json", "--plugins"])
            .arg(host.plugins())
            .env_clear()
            .env("WELD_TOKENS", &tokens)
            .env("WELD_TOKEN_KEY", KEY);
        let output = command.output().unwrap();
        let all: Value = serde_json::from_slice(&output.stdout).unwrap();
        all[0].clone()
    };
    weld_host_tests::until("the failure is kept", || status()["failure"].is_object());
    let told = status()["failure"]["message"].as_str().unwrap().to_owned();
    assert!(
        told.contains("invalid_grant") && told.contains("configure a new `refresh-token`"),
        "{told}"
    );
    assert!(!told.contains("the-first-token"), "{told}");
}

#[test]
fn kept_token_that_cannot_be_read_without_a_key_is_not_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    let api = api();
    assert_eq!(
        called(&start(&api, &tokens, Some(KEY)), &api)["status"],
        200
    );
    let asked = || {
        let received = api.received();
        received
            .iter()
            .filter(|request| request.target() == "/token")
            .count()
    };
    assert_eq!(asked(), 1);
    let host = start(&api, &tokens, None);
    let row = called(&host, &api);
    assert_eq!(row["error"], "credentials", "{row}");
    let told = row["detail"].as_str().unwrap_or_default();
    assert!(
        told.contains("WELD_TOKEN_KEY") && told.contains("weld-host auth logout"),
        "{told}"
    );
    assert!(
        !told.contains(&folder.path().display().to_string()),
        "{told}"
    );
    host.log()
        .wait_for_text("guest/api.token holds the refresh token");
    assert_eq!(
        asked(),
        1,
        "the configured token, which is used up, is not sent"
    );
    // The control: once the file is gone, the configured token is used.
    fs::remove_file(tokens.join("guest/api.token")).unwrap();
    let host = start(&api, &tokens, None);
    assert_eq!(called(&host, &api)["error"], "credentials");
    assert_eq!(asked(), 2);
}

#[test]
fn change_of_the_section_without_a_key_loses_no_replaced_token() {
    let folder = tempfile::tempdir().unwrap();
    let api = api();
    let origin = api.origin();
    let config = |seed: &str, scopes: &str| {
        format!(
            "[network]\nallow = [\"{origin}\"]\n[auth.api]\nurls = [\"{origin}/beers\"]\nkind = \"oauth2\"\n\
             grant = \"refresh-token\"\ntoken-url = \"{origin}/token\"\nclient-id = \"weld\"\n\
             refresh-token = \"{seed}\"\nscopes = [\"{scopes}\"]\n"
        )
    };
    let host = host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &config("the-first-token", "one"))
        .flag(
            "--tokens",
            &folder.path().join("tokens").display().to_string(),
        )
        .flag("--reload", "100ms")
        .start();
    assert_eq!(called(&host, &api)["status"], 200);
    let reload = |config: &str, times: usize| {
        fs::write(host.plugins().join("guest.toml"), config).unwrap();
        let is_reload = |line: &&String| line.contains("connector reloaded");
        let enough = |lines: &[String]| lines.iter().filter(is_reload).count() >= times;
        assert!(host.log().wait_until(enough));
    };
    reload(&config("the-first-token", "two"), 1);
    let row = called(&host, &api);
    assert_eq!(row["status"], 200, "the replaced token is sent: {row}");
    // The control: another configured token is used from now on.
    reload(&config("another-token", "two"), 2);
    let row = called(&host, &api);
    assert_eq!(row["error"], "credentials", "{row}");
}
