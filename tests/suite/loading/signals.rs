//! Signals that a host receives while it loads, and signals that are not meant for it.

use crate::{guests, host};
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;
use weld_host_tests::component;
use weld_host_tests::process::children;
use weld_host_tests::until;

#[test]
fn host_stopped_while_compiling_ends_its_compilers() {
    for signal in [Signal::TERM, Signal::INT] {
        let cache = TempDir::new().unwrap();
        let mut host = host()
            .flag("--cache", &cache.path().display().to_string())
            .flag("--compile-time", "10m")
            .file("slow.wasm", component::slow())
            .start();
        until("it is compiled", || !children(host.id()).is_empty());
        let compilers = children(host.id());
        host.signal(signal);
        assert_eq!(host.wait_for_exit().code(), Some(0), "{signal:?}");
        for compiler in compilers {
            until("the compiler has ended", || {
                !std::path::Path::new(&format!("/proc/{compiler}")).exists()
            });
        }
        let kept = std::fs::read_dir(cache.path()).unwrap().count();
        assert_eq!(kept, 0, "no partial code is kept");
    }
}

#[test]
fn signals_for_other_programs_change_nothing() {
    let host = host().plugin("guest", guests::ECHOES_STATE).start();
    for signal in [Signal::USR1, Signal::USR2, Signal::PIPE] {
        host.signal(signal);
        let row = host.weld("guest").good_row("beers", &json!({}));
        assert_eq!(row["table"], "beers", "{signal:?}");
    }
}

#[test]
fn host_under_nohup_keeps_running_when_its_terminal_is_closed() {
    let host = host()
        .after("trap '' HUP")
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    host.signal(Signal::HUP);
    let row = host.weld("guest").good_row("beers", &json!({}));
    assert_eq!(row["table"], "beers");
}
