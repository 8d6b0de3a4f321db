//! `--map`: hosts that are in a connector's code, replaced by a server on this machine.

use super::desk;
use crate::{PROGRAM, guests};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use weld_host::demo::{EXAMPLE_CONNECTOR, Table};
use weld_host_tests::demo_api::{Api, TOKEN, unlimited};
use weld_host_tests::desk::Desk;
use weld_host_tests::process::Ended;
use weld_host_tests::upstream::Upstream;

const ORIGINAL: &str = "https://api.example.com";

/// A connector whose rules and credential name [`ORIGINAL`].
const CONFIG: &str = "[network]\nallow = [\"https://api.example.com/v1\"]\nfollow-redirects = 3\n\
    [auth.api]\nurls = [\"https://api.example.com/v1\"]\nkind = \"bearer\"\ntoken = \"the-secret-token\"\n";

/// A folder with a connector that sends the request in its state, after one sync.
fn trial(component: &str, config: &str) -> Desk {
    let desk = desk();
    fs::copy(component, desk.path("guest.wasm")).expect("a component");
    fs::write(desk.path("guest.toml"), config).expect("a file");
    desk.good(&["guest.wasm", "--to", "rows/", "--quiet"]);
    desk
}

/// Syncs once more, with this request. Returns the row about it, and the run.
fn asked(desk: &Desk, request: &Value, maps: &[&str]) -> (Value, Ended) {
    desk.good(&["state", "set", "rows/", "rows", &request.to_string()]);
    let mut arguments = vec!["guest.wasm", "--to", "rows/"];
    for map in maps {
        arguments.extend(["--map", map]);
    }
    let ended = desk.good(&arguments);
    let rows = fs::read_to_string(desk.path("rows/rows.jsonl")).expect("rows");
    let last = rows.lines().last().expect("a row");
    (serde_json::from_str(last).expect("a row is JSON"), ended)
}

fn map(upstream: &Upstream, path: &str) -> String {
    format!("{ORIGINAL}={}{path}", upstream.origin())
}

#[test]
fn mapped_requests_arrive_as_the_original_ones_with_their_credential() {
    for component in [guests::FETCHES, guests::FETCHES_WASI] {
        let fake = Upstream::answering("{}");
        let desk = trial(component, CONFIG);
        let request = json!({
            "url": format!("{ORIGINAL}/v1/beers?page=2&q=a%20b"),
            "method": "POST",
            "headers": [["x-more", "yes"]],
            "body": "a new beer",
        });
        let (row, ended) = asked(&desk, &request, &[&map(&fake, "/x/")]);
        assert_eq!(row["status"], 200, "{component}: {row}");
        let received = fake.received();
        assert_eq!(received.len(), 1, "{component}");
        assert_eq!(
            (received[0].method(), received[0].target()),
            ("POST", "/x/v1/beers?page=2&q=a%20b")
        );
        let host = fake.address().to_string();
        for (name, value) in [
            ("host", host.as_str()),
            ("authorization", "Bearer the-secret-token"),
            ("x-more", "yes"),
        ] {
            assert_eq!(received[0].header(name), Some(value), "{component}");
        }
        assert_eq!(received[0].text(), "a new beer");
        let line = format!(
            "requests for {ORIGINAL} go to {}/x, with the credentials meant for {ORIGINAL}",
            fake.origin()
        );
        assert!(ended.stderr.contains(&line), "{ended:?}");
        let unused = ended
            .stderr
            .iter()
            .find(|line| line.contains("no request went"));
        assert_eq!(unused, None);
    }
}

#[test]
fn rules_apply_to_the_original_url_only() {
    let fake = Upstream::answering("{}");
    let desk = trial(guests::FETCHES, CONFIG);
    let map = map(&fake, "/x");
    for url in [
        format!("{ORIGINAL}/v2/beers"),
        "http://api.example.com/v1/beers".to_owned(),
        "https://www.example.com/v1/beers".to_owned(),
        format!("{ORIGINAL}:8443/v1/beers"),
        fake.url("/x/v1/beers"),
        fake.url("/v1/beers"),
    ] {
        let (row, ended) = asked(&desk, &json!({ "url": url }), &[&map]);
        assert_eq!(row["error"], "denied", "{url}: {row}");
        let line = format!("no request went to {ORIGINAL}");
        let is_told = ended.stderr.iter().any(|told| told.contains(&line));
        assert!(is_told, "{url}: {ended:?}");
    }
    assert!(fake.received().is_empty(), "{:?}", fake.received());
}

#[test]
fn map_does_not_allow_direct_requests_to_the_server() {
    // A name that resolves to this machine. The rules permit it, the address check doesn't.
    let fake = Upstream::answering("{}");
    let port = fake.address().port();
    let own = format!("http://localhost:{port}");
    let config = format!("[network]\nallow = [\"{ORIGINAL}/v1\", \"{own}\"]\n");
    let desk = trial(guests::FETCHES, &config);
    let map = format!("{ORIGINAL}={own}");
    let (row, _) = asked(
        &desk,
        &json!({ "url": format!("{ORIGINAL}/v1/a") }),
        &[&map],
    );
    assert_eq!(row["status"], 200, "{row}");
    let (row, _) = asked(&desk, &json!({ "url": format!("{own}/v1/a") }), &[&map]);
    let detail = row["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("a loopback address"), "{row}");
    assert_eq!(fake.received().len(), 1);
}

/// Answers `/to/N` with the Nth of these as its `Location`, and everything else with a text.
fn redirecting(locations: Vec<String>) -> Upstream {
    Upstream::start(move |request, exchange| {
        let wanted = request.target().split("/to/").nth(1);
        match wanted.and_then(|number| locations.get(number.parse::<usize>().ok()?)) {
            Some(location) => exchange.answer(302, &[("location", location)], ""),
            None => exchange.answer(200, &[], "arrived"),
        }
    })
}

#[test]
fn redirects_of_the_mapped_server_count_as_the_originals() {
    // Its address is known only once it listens, so the script takes it from the Host header.
    let fake = Upstream::start(|request, exchange| {
        let host = request.header("host").unwrap_or_default().to_owned();
        let wanted = request.target().split("/to/").nth(1).unwrap_or_default();
        let location = match wanted {
            "itself" => format!("http://{host}/x/v1/end"),
            "itself-by-name" => {
                format!("http://{}/x/v1/end", host.replace("127.0.0.1", "localhost"))
            }
            "its-scheme" => format!("//{host}/x/v1/end"),
            "its-path" => "/x/v1/end".to_owned(),
            "original" => format!("{ORIGINAL}/v1/end"),
            "original-path" => "/v1/end".to_owned(),
            "relative" => "../end".to_owned(),
            _ => return exchange.answer(200, &[], "arrived"),
        };
        exchange.answer(302, &[("location", &location)], "");
    });
    let desk = trial(guests::FETCHES, CONFIG);
    let map = map(&fake, "/x");
    let ways = [
        "itself",
        "itself-by-name",
        "its-scheme",
        "its-path",
        "original",
        "original-path",
        "relative",
    ];
    for way in ways {
        let url = format!("{ORIGINAL}/v1/to/{way}");
        let (row, _) = asked(&desk, &json!({ "url": url }), &[&map]);
        assert_eq!(row["body"], "arrived", "{way}: {row}");
        assert_eq!(row["url"], format!("{ORIGINAL}/v1/end"), "{way}");
        let last = fake.received().pop().expect("a request");
        assert_eq!(last.target(), "/x/v1/end", "{way}");
        let token = last.header("authorization");
        assert_eq!(token, Some("Bearer the-secret-token"), "{way}");
    }
}

#[test]
fn location_that_a_connector_follows_itself_is_the_original_one() {
    let fake = redirecting(vec!["/x/v1/end?page=2".to_owned(), "/v1/end".to_owned()]);
    let config = CONFIG.replace("follow-redirects = 3\n", "");
    let desk = trial(guests::FETCHES_WASI, &config);
    for (number, expected) in [(0, "/v1/end?page=2"), (1, "/v1/end")] {
        let url = format!("{ORIGINAL}/v1/to/{number}");
        let (row, _) = asked(&desk, &json!({ "url": url }), &[&map(&fake, "/x")]);
        let location = json!(["location", expected]);
        let headers = row["headers"].as_array().expect("headers");
        assert!(headers.contains(&location), "{row}");
    }
}

#[test]
fn redirects_to_other_hosts_are_checked_as_usual() {
    let other = Upstream::answering("{}");
    let locations = vec![
        other.url("/x/v1/end"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        format!("{ORIGINAL}/v2/end"),
    ];
    let many = locations.len();
    let fake = redirecting(locations);
    let desk = trial(guests::FETCHES, CONFIG);
    for number in 0..many {
        let url = format!("{ORIGINAL}/v1/to/{number}");
        let (row, _) = asked(&desk, &json!({ "url": url }), &[&map(&fake, "/x")]);
        assert_eq!(row["error"], "denied", "{row}");
    }
    assert_eq!(fake.received().len(), many, "{:?}", fake.received());
    assert!(other.received().is_empty());
}

#[test]
fn two_hosts_may_go_to_one_server() {
    let fake = Upstream::start(|request, exchange| {
        let host = request.header("host").unwrap_or_default().to_owned();
        match request.target() {
            "/a/v1/start" => {
                let location = format!("http://{host}/a/b/v1/end");
                exchange.answer(302, &[("location", &location)], "");
            }
            _ => exchange.answer(200, &[], "arrived"),
        }
    });
    let other = "https://other.example.com";
    let config = CONFIG.replace(
        "com/v1\"]\nfollow",
        &format!("com/v1\", \"{other}\"]\nfollow"),
    );
    let desk = trial(guests::FETCHES, &config);
    let maps = [map(&fake, "/a"), format!("{other}={}", fake.url("/a/b"))];
    let maps: Vec<_> = maps.iter().map(String::as_str).collect();
    let (row, ended) = asked(
        &desk,
        &json!({ "url": format!("{ORIGINAL}/v1/start") }),
        &maps,
    );
    assert_eq!(row["url"], format!("{other}/v1/end"), "{row}");
    let last = fake.received().pop().expect("a request");
    assert_eq!(last.target(), "/a/b/v1/end");
    assert_eq!(last.header("authorization"), None, "it is for another host");
    let announced = ended
        .stderr
        .iter()
        .filter(|line| line.starts_with("requests for"));
    assert_eq!(announced.count(), 2, "{ended:?}");
}

#[test]
fn tokens_of_a_mapped_endpoint_do_not_replace_kept_ones() {
    let fake = Upstream::start(|request, exchange| {
        match request.target() {
        "/token" => exchange.answer(
            200,
            &[],
            r#"{"access_token": "an-access-token", "refresh_token": "the-fakes-token", "expires_in": 3600}"#,
        ),
        _ => exchange.answer(200, &[], "{}"),
    }
    });
    let config = "[network]\nallow = [\"https://api.example.com\"]\n[auth.api]\n\
        urls = [\"https://api.example.com/v1\"]\nkind = \"oauth2\"\ngrant = \"refresh-token\"\n\
        token-url = \"https://api.example.com/token\"\nclient-id = \"weld\"\nrefresh-token = \"the-first-token\"\n";
    let desk = trial(guests::FETCHES, config);
    let request = json!({ "url": format!("{ORIGINAL}/v1/a") });
    desk.good(&["state", "set", "rows/", "rows", &request.to_string()]);
    let map = map(&fake, "");
    let mut command = desk.command(&["guest.wasm", "--to", "rows/", "--map", &map]);
    let tokens = desk.path("tokens");
    command
        .env("WELD_TOKENS", &tokens)
        .env("WELD_TOKEN_KEY", "0123456789abcdef".repeat(4));
    let output = command.output().expect("the program can be started");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let last = fake.received().pop().expect("a request");
    assert_eq!(last.header("authorization"), Some("Bearer an-access-token"));
    assert!(!tokens.exists());
}

#[test]
fn invalid_map_ends_the_command_before_any_request() {
    let desk = trial(guests::FETCHES, CONFIG);
    let good = "https://api.example.com=http://127.0.0.1:9100";
    let cases: [(&[&str], &str); 5] = [
        (
            &["api.example.com=http://127.0.0.1:9100"],
            "`api.example.com` is not a valid URL",
        ),
        (
            &["https://api.example.com=http://10.0.0.1:9100"],
            "is not on this machine",
        ),
        (
            &["https://api.example.com/v1=http://127.0.0.1:9100"],
            "must end after the host",
        ),
        (
            &["https://api.example.com=https://127.0.0.1:9100"],
            "must begin with http://",
        ),
        (
            &[good, "https://API.example.com:443=http://[::1]:9"],
            "https://api.example.com is mapped twice",
        ),
    ];
    for command in ["sync", "check"] {
        for (maps, reason) in cases {
            let mut run = Command::new(PROGRAM);
            run.args([command, "guest.wasm"]).current_dir(desk.path(""));
            for map in maps {
                run.args(["--map", map]);
            }
            let output = run
                .env_clear()
                .output()
                .expect("the program can be started");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{command} {maps:?}: {said}");
            assert!(
                said.contains("--map") && said.contains(reason),
                "{command} {maps:?}: {said}"
            );
        }
    }
    let line = desk.mistake(&["http://127.0.0.1:9/guest", "--map", good]);
    assert!(line.contains("--map"), "{line}");
}

#[test]
fn serve_maps_nothing() {
    let map = "https://api.example.com=http://127.0.0.1:9100";
    let output = Command::new(PROGRAM)
        .args(["serve", "--map", map])
        .env_clear()
        .output()
        .expect("the program can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("unexpected argument '--map'"), "{said}");
}

#[test]
fn connector_is_checked_and_synced_against_a_fake_of_its_api() {
    let api = Api::start(unlimited());
    let desk = desk();
    fs::write(desk.path("beers.wasm"), EXAMPLE_CONNECTOR).expect("a component");
    let config = format!(
        "[env]\nAPI_BASE_URL = \"https://api.punkapi.com\"\nPAUSE_MS = \"0\"\nAPI_BEARER_TOKEN = \"{TOKEN}\"\n\
         [network]\nallow = [\"https://api.punkapi.com\"]\n"
    );
    fs::write(desk.path("beers.toml"), config).expect("a file");
    let map = format!("https://api.punkapi.com=http://{}", api.address);
    let output = Command::new(PROGRAM)
        .args(["check", "beers.wasm", "--strict", "--map", &map])
        .env_clear()
        .env("XDG_CACHE_HOME", desk.path("cache"))
        .current_dir(desk.path(""))
        .output()
        .expect("the program can be started");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.starts_with("requests for https://api.punkapi.com go to"),
        "{said}"
    );
    let quiet = desk.good(&["beers.wasm", "--to", "beers/", "--quiet", "--map", &map]);
    assert!(quiet.stderr.is_empty(), "{quiet:?}");
    assert!(api.served(Table::Beers) >= Table::Beers.count(1));
}
