//! `POST /reload`: a look at the plugins folder at once.

use super::with_admin;
use crate::{guests, host};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use weld_host_tests::host::Host;
use weld_host_tests::weld::Request;

fn reload(admin: SocketAddr) -> Value {
    let answer = Request::new(admin, "POST", "/reload").send();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.json()
}

fn nothing_changed() -> Value {
    let settings = json!({ "changed": [], "after_restart": [] });
    json!({ "changes": {}, "unfinished": [], "settings": settings })
}

fn replace(host: &Host, name: &str, component: &str) {
    let aside = host.plugins().join(".part");
    fs::copy(component, &aside).unwrap();
    fs::rename(aside, host.plugins().join(name)).unwrap();
}

#[test]
fn reload_answers_when_everything_that_changed_is_loaded_even_if_nothing_is_watched() {
    for interval in ["off", "1h"] {
        let builder = host()
            .plugin("guest", guests::ECHOES_STATE)
            .plugin("other", guests::ECHOES_STATE)
            .flag("--reload", interval);
        let (host, admin) = with_admin(builder);
        // Under `1h`, the system's notifications may begin the load earlier; then the change may already be done.
        let is_watched = interval != "off";
        assert_eq!(reload(admin), nothing_changed());
        replace(&host, "guest.wasm", guests::DESCRIBES_ITS_TABLES);
        replace(&host, "new.wasm", guests::ECHOES_STATE);
        replace(&host, "broken.wasm", guests::EXPORTS_ANOTHER_SHAPE);
        fs::write(host.plugins().join("other.toml"), "broken").unwrap();
        let summary = reload(admin);
        if !is_watched {
            let changes = &summary["changes"];
            assert_eq!(changes["guest"]["change"], "reloaded", "{summary}");
            assert_eq!(changes["new"]["change"], "loaded", "{summary}");
            assert_eq!(changes["broken"]["change"], "not_loaded", "{summary}");
            assert_eq!(changes["broken"]["serving"], false);
            assert_eq!(changes["other"]["serving"], true, "{summary}");
            let reason = changes["other"]["reason"].as_str().unwrap();
            assert!(reason.contains("other.toml"), "{summary}");
        }
        let schema = host.weld("guest").schema();
        assert!(schema.json()["schema"]["one_key"].is_object(), "{summary}");
        assert_eq!(host.weld("new").schema().status(), 200);
        assert_eq!(host.weld("other").schema().status(), 200);
        fs::remove_file(host.plugins().join("new.wasm")).unwrap();
        let summary = reload(admin);
        if !is_watched {
            assert_eq!(summary["changes"]["new"], json!({ "change": "removed" }));
        }
        assert_eq!(host.weld("new").schema().status(), 404);
    }
}

#[test]
fn reload_tries_again_what_failed_and_reports_it() {
    let builder = host()
        .plugin("guest", guests::ECHOES_STATE)
        .config("guest", "[env]\nTOKEN = { file = \"token.txt\" }")
        .flag("--reload", "off");
    let (host, admin) = with_admin(builder);
    let summary = reload(admin);
    assert_eq!(
        summary["changes"]["guest"]["change"], "not_loaded",
        "{summary}"
    );
    fs::write(host.plugins().join("token.txt"), "secret").unwrap();
    let summary = reload(admin);
    assert_eq!(summary["changes"]["guest"], json!({ "change": "loaded" }));
    assert_eq!(host.weld("guest").schema().status(), 200);
}

#[test]
fn folder_that_cannot_be_read_is_reported_and_the_connectors_keep_serving() {
    let builder = host()
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--reload", "off");
    let (host, admin) = with_admin(builder);
    assert_eq!(host.weld("guest").schema().status(), 200);
    let aside = tempfile::TempDir::new().unwrap();
    let moved = aside.path().join("plugins");
    fs::rename(host.plugins(), &moved).unwrap();
    let summary = reload(admin);
    let problem = summary["folder_problem"].as_str().unwrap();
    assert!(
        problem.contains("could not read the plugins folder"),
        "{summary}"
    );
    assert_eq!(host.weld("guest").schema().status(), 200);
    fs::rename(&moved, host.plugins()).unwrap();
    assert_eq!(reload(admin), nothing_changed());
}
