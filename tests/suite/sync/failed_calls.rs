//! Calls of a connector to its API that fail: each cause is shown once, by the sync's own lines or by a warning.

use std::fs;
use std::net::TcpListener;

use super::desk;
use crate::guests;
use weld_host_tests::desk::Desk;
use weld_host_tests::process::{Ended, Process};

/// A folder with `shop.wasm`, which calls the API at this address, and its configuration.
fn calling(origin: &str, network: &str) -> Desk {
    let desk = desk();
    fs::copy(guests::FAILS_IN_EVERY_TABLE, desk.path("shop.wasm")).expect("a component");
    let config = format!(
        "[env]\nAPI = \"{origin}\"\n[network]\n{network}allow-networks = [\"127.0.0.0/8\"]\nconnect-timeout = \"1s\"\n"
    );
    fs::write(desk.path("shop.toml"), config).expect("a file");
    desk
}

/// An address at which nothing listens.
fn free_origin() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

fn text(ended: &Ended) -> String {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    ended.stderr.join("\n")
}

#[test]
fn api_that_is_down_is_one_cause_and_the_log_has_every_call() {
    let origin = free_origin();
    let desk = calling(&origin, &format!("allow = [\"{origin}\"]\n"));
    let shown = text(&desk.run(&["shop.wasm"]));
    assert_eq!(shown.matches("refused").count(), 1, "{shown}");
    assert!(!shown.contains("WARN"), "{shown}");
    let last = shown.lines().last().expect("a line");
    assert!(
        last.contains(&origin) && last.contains("refused"),
        "{shown}"
    );
    let logged = text(&desk.run(&["shop.wasm", "--log", "warn"]));
    assert!(
        logged.matches("upstream call failed").count() >= 3,
        "{logged}"
    );
}

#[test]
fn forbidden_url_is_one_cause_with_the_file_of_the_installed_connector() {
    let desk = calling("https://api.example.com", "");
    fs::create_dir(desk.path("plugins")).expect("a folder");
    for file in ["shop.wasm", "shop.toml"] {
        fs::rename(desk.path(file), desk.path("plugins").join(file)).expect("moved");
    }
    for argument in ["shop", "plugins/shop.wasm"] {
        let shown = text(&desk.run(&[argument]));
        assert_eq!(shown.matches("no rule allows").count(), 1, "{shown}");
        assert!(!shown.contains("WARN"), "{shown}");
        // There may be another shop.toml, in the folder of the sources.
        assert!(
            shown.contains("under [network] in ./plugins/shop.toml")
                || shown.contains("under [network] in plugins/shop.toml"),
            "{shown}"
        );
    }
}

#[test]
fn failed_call_that_the_connector_does_not_report_is_a_warning() {
    let desk = desk();
    fs::copy(guests::HAS_EVERY_FAULT, desk.path("shop.wasm")).expect("a component");
    let table = ["--table", "keeps_a_refusal_to_itself"];
    let sync = |more: &[&str]| {
        let ended =
            desk.run(&[&["shop.wasm", "--to", "rows/", "--full"], &table[..], more].concat());
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        ended.stderr.join("\n")
    };
    let shown = sync(&[]);
    let warning = "warning: a call failed, and the connector did not report it: no rule allows";
    assert_eq!(shown.matches(warning).count(), 1, "{shown}");
    assert_eq!(shown.matches("no rule allows").count(), 1, "{shown}");
    assert_eq!(sync(&["--quiet"]), "");
}

#[test]
fn backtraces_of_the_environment_change_nothing() {
    let desk = desk();
    fs::copy(guests::FAILS_AFTER_PAGES, desk.path("shop.wasm")).expect("a component");
    fs::write(desk.path("shop.toml"), "[env]\nFAILURE = \"panic\"\n").expect("a file");
    let run = |level: &str, backtrace: &str| {
        let mut command = desk.command(&["shop.wasm", "--full", "--log", level]);
        command
            .env("RUST_BACKTRACE", backtrace)
            .env("RUST_LIB_BACKTRACE", backtrace);
        text(&Process::start(&mut command).wait())
    };
    assert_eq!(run("error", "0"), run("error", "full"));
    let (without, with) = (run("warn", "0"), run("warn", "full"));
    assert_eq!(without.lines().count(), with.lines().count(), "{with}");
    for own in ["wasmtime::", "tokio::", "std::"] {
        assert!(!with.contains(own), "{own} in {with}");
    }
}
