//! The log's level while the host runs.

use super::{get, with_admin};
use crate::{guests, host};
use serde_json::json;
use weld_host_tests::weld::Request;

#[test]
fn level_is_shown_and_changed_without_a_restart() {
    let builder = host()
        .plugin("chatty", guests::LOGS_AT_EVERY_LEVEL)
        .flag("--log", "warn");
    let (host, admin) = with_admin(builder);
    let put = |level: &str| Request::new(admin, "PUT", "/log").body(level).send();
    assert_eq!(get(admin, "/log").text(), "warn\n");
    host.weld("chatty").good_page("rows", &json!({}));
    host.log().wait_for_text("an error line");
    assert!(
        !host
            .log()
            .so_far()
            .iter()
            .any(|line| line.contains("a debug line"))
    );
    let answer = put("debug");
    assert_eq!((answer.status(), answer.text().as_str()), (200, "debug\n"));
    assert_eq!(get(admin, "/log").text(), "debug\n");
    host.weld("chatty").good_page("rows", &json!({ "page": 2 }));
    host.log().wait_for_text("a debug line");
    assert_eq!(put(" ERROR \n").status(), 200);
    host.weld("chatty").good_page("rows", &json!({ "page": 3 }));
    let errors = |lines: &[String]| {
        lines
            .iter()
            .filter(|line| line.contains("an error line"))
            .count()
    };
    assert!(host.log().wait_until(|lines| errors(lines) == 3));
    let warnings = host.log().so_far();
    let warnings = warnings
        .iter()
        .filter(|line| line.contains("a warn line"))
        .count();
    assert_eq!(warnings, 2, "the third page logged errors only");
}

#[test]
fn other_levels_and_larger_bodies_are_refused() {
    let (_host, admin) = with_admin(host());
    let put = |body: &[u8]| Request::new(admin, "PUT", "/log").body(body).send();
    for (body, status, expected) in [
        (&b""[..], 400, "error, warn, info or debug"),
        (b"loud", 400, "`loud` is not a level"),
        (b"\xff\x1b[2J", 400, "is not a level"),
        (&[b'x'; 2_000], 413, "larger than 1KiB"),
    ] {
        let answer = put(body);
        assert_eq!(answer.status(), status, "{}", answer.text());
        let message = answer.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains('\u{1b}'), "{message:?}");
    }
    assert_eq!(get(admin, "/log").text(), "info\n");
}
