//! `auth logout`, `auth key`, and the folder of the tokens.

use super::{KEY, Place, TOKENS, server};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use weld_host_tests::process::Process;

#[test]
fn a_logout_removes_the_token() {
    let server = server(TOKENS);
    let place = Place::new(&server);
    assert_eq!(place.permitted_login().wait().status.code(), Some(0));
    // It needs no key.
    let out = Process::start(&mut place.command(&["logout", "shop"], None)).wait();
    assert_eq!(out.stdout, ["The token of shop/api is removed."], "{out:?}");
    let again = place.run(&["logout", "shop", "--credential", "api"]);
    assert_eq!(
        again.stdout,
        ["There was no token of shop/api."],
        "{again:?}"
    );
    assert_eq!(
        place.status(Some(KEY)),
        json!({
            "connector": "shop", "credential": "api", "kind": "oauth2", "token": "none", "problem": null,
            "urls": [server.url("/orders"), server.url("/token")], "expires": null, "renewed": null,
            "refresh_ends": null, "failure": null,
        })
    );
}

#[test]
fn new_key_is_different_each_time_and_can_be_used() {
    let server = server(TOKENS);
    let place = Place::new(&server);
    let key = || place.run(&["key"]).stdout.join("\n");
    let (one, other) = (key(), key());
    assert_ne!(one, other);
    assert_eq!(place.status(Some(&one))["token"], "none");
    let wrong = Process::start(&mut place.command(&["status"], Some("short"))).wait();
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    assert!(wrong.stderr.join("\n").contains("token key"), "{wrong:?}");
}

#[test]
fn folder_that_others_may_read_causes_a_warning() {
    let server = server(TOKENS);
    let place = Place::new(&server);
    let tokens = place.folder.path().join("tokens");
    fs::create_dir(&tokens).unwrap();
    for (mode, is_warned) in [(0o700, false), (0o750, true), (0o704, true)] {
        fs::set_permissions(&tokens, fs::Permissions::from_mode(mode)).unwrap();
        let told = place.run(&["status"]).stderr.join("\n");
        assert_eq!(
            told.contains("other users can access"),
            is_warned,
            "{mode:o}: {told}"
        );
    }
}

#[test]
fn credential_whose_variable_is_not_set_has_a_row_and_hides_no_other() {
    let server = server(TOKENS);
    let place = Place::new(&server);
    let crm = "[network]\nallow = [\"https://crm.example.com\"]\n\
               [auth.first]\nurls = [\"https://crm.example.com/v1\"]\nkind = \"api-key\"\nheader = \"x-key\"\n\
               value = { env = \"CRM_KEY\" }\n\
               [auth.second]\nurls = [\"https://crm.example.com/v2\"]\nkind = \"basic\"\nusername = \"weld\"\n\
               password = \"hunter2\"\n[limits]\nmemroy = \"1MiB\"\n";
    fs::write(place.folder.path().join("plugins/crm.toml"), crm).unwrap();
    let ended = place.run(&["status", "--json"]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let all: serde_json::Value = ended.stdout[0].parse().unwrap();
    let rows: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap_or("null").to_owned();
            let urls = row["urls"].as_array().unwrap().len();
            (
                text("connector"),
                text("credential"),
                text("kind"),
                urls,
                text("problem"),
            )
        })
        .collect();
    let row = |connector: &str, credential: &str, kind: &str, urls: usize, problem: &str| {
        (
            connector.to_owned(),
            credential.to_owned(),
            kind.to_owned(),
            urls,
            problem.to_owned(),
        )
    };
    let path = "./plugins/crm.toml";
    assert_eq!(
        rows,
        [
            row(
                "crm",
                "first",
                "api-key",
                1,
                &format!(
                    "{path}:7: auth.first.value: the environment variable \"CRM_KEY\" is not set"
                )
            ),
            row("crm", "second", "basic", 1, "null"),
            row(
                "crm",
                "-",
                "-",
                0,
                &format!("{path}:14: limits.memroy: unknown key; did you mean `memory`?")
            ),
            row("shop", "api", "oauth2", 2, "null"),
            row("shop", "plain", "bearer", 1, "null"),
        ]
    );
    let table = place.run(&["status"]).stdout.join("\n");
    assert!(table.contains("problem: ./plugins/crm.toml:7: "), "{table}");
    assert!(!table.contains("hunter2"), "{table}");
}
