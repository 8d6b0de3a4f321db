//! `weld-host status`.

use super::{admin_address, with_admin};
use crate::{PROGRAM, guests, host};
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::process::{Ended, Process};

fn status(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(PROGRAM);
    command.arg("status").args(arguments);
    command.env_clear().envs(variables.iter().copied());
    Process::start(&mut command).wait()
}

#[test]
fn connectors_are_printed_as_a_table() {
    let builder = host()
        .plugin("guest", guests::ECHOES_STATE)
        .file("broken.wasm", "no component");
    let (host, admin) = with_admin(builder);
    host.weld("guest").good_page("beers", &json!({}));
    let admin = admin.to_string();
    for ended in [
        status(&["--admin", &admin], &[]),
        status(&[], &[("WELD_ADMIN", &admin)]),
    ] {
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        let [first, head, broken, guest] = &ended.stdout[..] else {
            panic!("{ended:?}");
        };
        assert!(
            first.contains(&admin) && first.contains("2 connectors"),
            "{first}"
        );
        let last_page = head.find("LAST PAGE").unwrap();
        assert!(
            guest.starts_with("guest ") && guest.contains("Rust"),
            "{guest}"
        );
        assert!(guest[last_page..].starts_with("beers: 1 rows"), "{guest}");
        assert!(
            broken.starts_with("broken ") && broken.contains("load failed"),
            "{broken}"
        );
    }
}

#[test]
fn json_is_that_of_the_listener_and_a_socket_is_an_address_too() {
    let folder = TempDir::new().unwrap();
    let address = format!("unix:{}", folder.path().join("admin.sock").display());
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--admin", &address)
        .start();
    assert_eq!(admin_address(&host), address);
    let ended = status(&["--json", "--admin", &address], &[]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let list: Value = serde_json::from_str(&ended.stdout.concat()).unwrap();
    assert_eq!(list["connectors"][0]["name"], "guest");
}

#[test]
fn key_comes_from_the_environment_or_a_file() {
    let builder = host()
        .variable("WELD_ADMIN_KEY", "admin secret")
        .file("key.txt", "admin secret\n");
    let (host, admin) = with_admin(builder);
    let file = host.plugins().join("key.txt").display().to_string();
    let admin = admin.to_string();
    let with = |more: &[&str], variables| status(&[&["--admin", &admin], more].concat(), variables);
    assert_eq!(
        with(&[], &[("WELD_ADMIN_KEY", "admin secret")])
            .status
            .code(),
        Some(0)
    );
    assert_eq!(
        with(&["--admin-key-file", &file], &[]).status.code(),
        Some(0)
    );
    for ended in [with(&[], &[]), with(&[], &[("WELD_ADMIN_KEY", "wrong")])] {
        assert_eq!(ended.status.code(), Some(1));
        let error = ended.stderr.concat();
        assert!(
            error.contains("WELD_ADMIN_KEY") && error.contains(&admin),
            "{error}"
        );
    }
}

#[test]
fn wrong_addresses_are_reported_with_what_to_do() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let free: SocketAddr = nobody.local_addr().unwrap();
    drop(nobody);
    let host = host().plugin("guest", guests::ECHOES_STATE).start();
    let public = host.address().to_string();
    for (arguments, status_code, expected) in [
        (vec![], 1, "--admin"),
        (
            vec!["--admin".to_owned(), free.to_string()],
            1,
            "nothing answers at",
        ),
        (
            vec!["--admin".to_owned(), "unix:/nowhere/admin.sock".to_owned()],
            1,
            "nothing answers at",
        ),
        // The public listener.
        (vec!["--admin".to_owned(), public], 1, "--admin"),
        (vec!["--admin".to_owned(), "here".to_owned()], 1, "unix:"),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ended = status(&arguments, &[]);
        assert_eq!(ended.status.code(), Some(status_code), "{ended:?}");
        let error = ended.stderr.join("\n");
        assert!(error.contains(expected), "{error}");
    }
}
