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
    assert_eq!(out.stdout, ["The token of `api` is removed."], "{out:?}");
    let again = place.run(&["logout", "shop", "--credential", "api"]);
    assert_eq!(again.stdout, ["There was no token of `api`."], "{again:?}");
    assert_eq!(
        place.status(Some(KEY)),
        json!({
            "connector": "shop", "credential": "api", "kind": "oauth2", "token": "none", "problem": null,
            "urls": ["127.0.0.1", server.url("/token")], "expires": null, "renewed": null,
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
