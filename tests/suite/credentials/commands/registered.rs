//! Logins at servers that accept only one redirect URI, or don't support PKCE; and the status of an expired token.

use super::{KEY, Place, TOKENS, come_back, fields, form, server};
use serde_json::json;
use std::fs;
use std::net::TcpListener;
use weld_host_tests::upstream::Upstream;

/// The place with one more line for its credential `api`.
fn place_with(server: &Upstream, more: &str) -> Place {
    let place = Place::new(server);
    let path = place.folder.path().join("plugins/shop.toml");
    let toml = fs::read_to_string(path).unwrap();
    place.configure(&toml.replace(
        "client-id = \"weld\"\n",
        &format!("client-id = \"weld\"\n{more}\n"),
    ));
    place
}

/// A port that nothing listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn login_returns_to_the_registered_address() {
    let server = server(TOKENS);
    let uri = format!("http://localhost:{}/oauth/back", free_port());
    let place = place_with(&server, &format!("redirect-uri = \"{uri}\""));
    let (login, address) = place.login(&[]);
    let asked = fields(&address);
    assert_eq!(asked["redirect_uri"], uri);
    let elsewhere = uri.replace("/oauth/back", "/callback");
    let own = [("code", "a-code"), ("state", asked["state"].as_str())];
    assert!(come_back(&elsewhere, &own).starts_with("HTTP/1.1 404 "));
    assert!(come_back(&uri, &own).starts_with("HTTP/1.1 200 "));
    let ended = login.wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(
        ended
            .stdout
            .join("\n")
            .contains(&format!("registered with the API: {uri}")),
        "{ended:?}"
    );
    assert_eq!(form(&server)["redirect_uri"], uri);
}

#[test]
fn login_works_without_pkce_if_the_server_lacks_it_and_warns() {
    let server = server(TOKENS);
    for (more, has_pkce) in [("pkce = false", false), ("pkce = true", true)] {
        let place = place_with(&server, more);
        let (login, address) = place.login(&[]);
        let asked = fields(&address);
        assert_eq!(asked.contains_key("code_challenge"), has_pkce);
        assert_eq!(asked.contains_key("code_challenge_method"), has_pkce);
        let own = [("code", "a-code"), ("state", asked["state"].as_str())];
        come_back(&asked["redirect_uri"], &own);
        let ended = login.wait();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert_eq!(form(&server).contains_key("code_verifier"), has_pkce);
        let told = ended.stdout.join("\n");
        assert_eq!(
            told.contains("Warning: `pkce = false`"),
            !has_pkce,
            "{told}"
        );
    }
}

#[test]
fn login_refused_by_an_endpoint_names_the_setting_that_may_help() {
    for (description, expected) in [
        ("unknown parameter code_verifier", "`pkce = false`"),
        (
            "redirect_uri mismatch",
            "`redirect-uri` must be the one registered there",
        ),
        ("the code is over", "\"the code is over\" (status 400); see"),
    ] {
        let answer = json!({ "error": "invalid_grant", "error_description": description });
        let server = Upstream::start(move |_, exchange| {
            exchange.answer(400, &[], answer.to_string());
        });
        let ended = Place::new(&server).permitted_login().wait();
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        assert!(
            ended.stderr.join("\n").contains(expected),
            "{expected} in {ended:?}"
        );
    }
}

#[test]
fn redirect_uri_that_cannot_be_listened_on_is_named() {
    let server = server(TOKENS);
    let place = place_with(&server, "redirect-uri = \"https://example.com/callback\"");
    let ended = place.run(&["login", "shop", "--no-browser"]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(
        ended
            .stderr
            .join("\n")
            .contains("the address must be on this machine"),
        "{ended:?}"
    );
}

#[test]
fn expiry_of_a_refresh_token_is_shown() {
    let server = server(
        r#"{"access_token": "an-access-token", "refresh_token": "a-refresh-token", "expires_in": 3600, "refresh_token_expires_in": 86400}"#,
    );
    let place = Place::new(&server);
    assert_eq!(place.permitted_login().wait().status.code(), Some(0));
    let status = place.status(Some(KEY));
    assert!(status["refresh_ends"].is_string(), "{status}");
    assert_eq!(status["failure"], json!(null));
}

#[test]
fn credential_is_tried_with_its_token_and_a_url() {
    let api = Upstream::start(|request, exchange| match request.target() {
        "/token" => exchange.answer(
            200,
            &[],
            r#"{"access_token": "an-access-token", "expires_in": 60}"#,
        ),
        "/orders" => {
            let is_good = request.header("authorization") == Some("Bearer an-access-token");
            exchange.answer(if is_good { 200 } else { 401 }, &[], "{}");
        }
        _ => exchange.answer(403, &[], "{}"),
    });
    let place = Place::new(&api);
    let origin = api.origin();
    place.configure(&format!(
        "[network]\nallow = [\"{origin}\"]\n[auth.api]\nurls = [\"{origin}\"]\nkind = \"oauth2\"\ngrant = \"client-credentials\"\ntoken-url = \"{origin}/token\"\nclient-id = \"weld\"\nclient-secret = \"a-client-secret\"\n[auth.plain]\nurls = [\"{origin}\"]\nkind = \"bearer\"\ntoken = \"a-plain-token\"\n"
    ));
    let test = |arguments: &[&str]| place.run(&[&["test", "shop"], arguments].concat());
    let ended = test(&[&api.url("/orders"), "--credential", "api"]);
    assert_eq!(
        ended.stdout,
        [
            "The token of shop/api is available.",
            "The API answered with status 200."
        ],
        "{ended:?}"
    );
    assert_eq!(test(&["--credential", "api"]).status.code(), Some(0));
    for (arguments, told) in [
        (
            &[api.url("/orders").as_str(), "--credential", "plain"][..],
            "refused the credential `plain` with status 401",
        ),
        (
            &[api.url("/admin").as_str(), "--credential", "api"],
            "with status 403",
        ),
        (&["--credential", "plain"], "needs no token"),
        (&[], "choose one of api, plain with --credential"),
        (
            &["https://elsewhere.example.com", "--credential", "api"],
            "no rule allows https://elsewhere.example.com",
        ),
    ] {
        let ended = test(arguments);
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        assert!(
            ended.stderr.join("\n").contains(told),
            "{told} in {ended:?}"
        );
    }
}

#[test]
fn token_without_expiry_and_refresh_token_is_kept_unchanged() {
    let server = Upstream::start(|request, exchange| {
        let body = match request.target() {
            "/token" => {
                r#"{"access_token": "a-token-without-end", "token_type": "bearer", "scope": "repo"}"#
            }
            _ => "{}",
        };
        let is_sent = request.header("authorization") == Some("Bearer a-token-without-end");
        let is_good = is_sent || request.target() == "/token";
        exchange.answer(if is_good { 200 } else { 401 }, &[], body);
    });
    let place = Place::new(&server);
    let ended = place.permitted_login().wait();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(
        ended.stdout.join("\n").contains("until it is revoked"),
        "{ended:?}"
    );
    let status = place.status(Some(KEY));
    assert_eq!(
        (&status["token"], &status["expires"]),
        (&json!("kept"), &json!(null))
    );
    let tried = place.run(&[
        "test",
        "shop",
        &server.url("/orders"),
        "--credential",
        "api",
    ]);
    assert_eq!(tried.status.code(), Some(0), "{tried:?}");
    let mut asked = server.received();
    asked.retain(|request| request.target() == "/token");
    assert_eq!(asked.len(), 1, "nothing renews it");
}

#[test]
fn invalid_file_does_not_hide_other_connectors_credentials() {
    let server = server(TOKENS);
    let place = Place::new(&server);
    let wrong = place.folder.path().join("plugins/broken.toml");
    fs::write(wrong, "[auth.api]\nkind = \"bearer\"\n").unwrap();
    let ended = place.run(&["status", "--json"]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let all: serde_json::Value = ended.stdout[0].parse().unwrap();
    assert_eq!(all[0]["connector"], "broken");
    assert!(
        all[0]["problem"]
            .as_str()
            .unwrap()
            .contains("`urls` is missing"),
        "{all}"
    );
    assert_eq!(all[1]["credential"], "api");
    // If it is named, the command itself fails.
    let named = place.run(&["status", "broken"]);
    assert_eq!(named.status.code(), Some(1), "{named:?}");
}
