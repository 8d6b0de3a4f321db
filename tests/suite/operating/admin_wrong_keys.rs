//! Wrong keys of the admin listener: they are slowed, and keep nobody with the right one out.

use super::{admin_address, get, with_admin};
use crate::host;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use tempfile::TempDir;
use weld_host_tests::connection::Connection;
use weld_host_tests::host::HostBuilder;
use weld_host_tests::http::Message;
use weld_host_tests::weld::Request;
use weld_host_tests::{until, until_some};

/// How many wrong keys a client may send at once.
const AT_ONCE: usize = 20;

fn locked() -> HostBuilder {
    host().variable("WELD_ADMIN_KEY", "right")
}

fn request(admin: SocketAddr, path: &str, key: &str) -> Request {
    Request::new(admin, "GET", path).header("authorization", &format!("Bearer {key}"))
}

fn ask_from(source: [u8; 4], admin: SocketAddr, path: &str, key: &str) -> Message {
    let mut connection = Connection::open_from(IpAddr::from(source), admin).unwrap();
    connection.ask(&request(admin, path, key)).unwrap()
}

#[test]
fn client_that_sends_many_wrong_keys_must_wait_but_the_right_key_passes() {
    let (host, admin) = with_admin(locked());
    let ask = |path: &str, key: &str| request(admin, path, key).send();
    until("the host is ready", || {
        get(admin, "/readyz").status() == 200
    });
    // At whatever path, of the probes, too.
    for path in ["/log", "/nothing", "/readyz", "/connectors"] {
        for _ in 0..AT_ONCE / 4 {
            let expected = if path == "/readyz" { 200 } else { 401 };
            assert_eq!(ask(path, "wrong").status(), expected, "{path}");
        }
    }
    for path in ["/log", "/nothing"] {
        // On a busy machine, time for another try may have passed.
        let refused = until_some("too many wrong keys", || {
            Some(ask(path, "wrong")).filter(|answer| answer.status() != 401)
        });
        assert_eq!(refused.status(), 429, "{}", refused.text());
        assert_eq!(refused.json()["error"]["kind"], "too_many_attempts");
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=6).contains(&wait), "{wait}");
        assert_eq!(refused.header("connection"), Some("close"));
        assert_eq!(ask("/log", "right").status(), 200);
    }
    // Probes need no key, requests without one guess nothing, and other addresses are counted apart.
    assert_eq!(ask("/readyz", "wrong").status(), 200);
    assert_eq!(get(admin, "/log").status(), 401);
    let other = ask_from([127, 0, 0, 2], admin, "/log", "wrong");
    assert_eq!(other.status(), 401);
    // The last line: all others are there then.
    host.log().wait_for_text("client=127.0.0.2");
    let lines = host.log().so_far();
    let told = lines
        .iter()
        .filter(|line| line.contains("too_many_attempts"));
    let told: Vec<&String> = told.collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("WARN") && told[0].contains("client=127.0.0.1"),
        "{told:?}"
    );
}

#[test]
fn keys_of_a_changed_file_count_without_a_restart() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("admin-keys");
    let replace = |keys: &str| {
        let aside = folder.path().join("aside");
        fs::write(&aside, keys).unwrap();
        fs::rename(&aside, &file).unwrap();
    };
    replace("old\n");
    let host = host()
        .flag("--reload", "100ms")
        .flag("--admin", "127.0.0.1:0")
        .flag("--admin-key-file", &file.display().to_string())
        .start();
    let admin: SocketAddr = admin_address(&host).parse().unwrap();
    let is_permitted = |key: &str| request(admin, "/log", key).send().status() == 200;
    assert!(is_permitted("old") && !is_permitted("new"));
    replace("# from June\nnew\nold\n");
    until("the new key is accepted", || is_permitted("new"));
    assert!(is_permitted("old"));
    replace("new\n");
    until("the old key is refused", || !is_permitted("old"));
    // A file without a key doesn't open the listener.
    replace("# none\n");
    host.log()
        .wait_for_text("the keys of the admin listener can't be read again");
    assert!(is_permitted("new") && !is_permitted(""));
    assert_eq!(get(admin, "/log").status(), 401);
}
