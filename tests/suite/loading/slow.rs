//! Connectors that take long to start or to compile, together with others that don't.

use crate::{guests, host};
use serde_json::json;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tempfile::TempDir;
use weld_host_tests::component::{large, starting_asleep};
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::until;

fn with_cache(cache: &TempDir) -> HostBuilder {
    host()
        .flag("--cache", &cache.path().display().to_string())
        .flag("--compile-time", "10m")
        .flag("--reload", "100ms")
}

fn assert_serves(host: &Host, name: &str) {
    let row = host.weld(name).good_row("beers", &json!({}));
    assert_eq!(row["table"], "beers");
}

/// Whether the host has reported the result of one of these.
fn has_ended(host: &Host, begin: &str) -> bool {
    let lines = [host.stdout().so_far(), host.log().so_far()].concat();
    lines
        .iter()
        .any(|line| line.contains(begin) && line.contains("not loaded"))
}

#[test]
fn connectors_that_sleep_at_their_start_do_not_delay_cached_ones() {
    let cache = TempDir::new().unwrap();
    let builder = || {
        let mut builder = with_cache(&cache).plugin("zz-good", guests::ECHOES_STATE);
        for number in 0..10_u8 {
            let name = format!("sleeper-{number}.wasm");
            builder = builder.file(&name, starting_asleep(3_600_000 + u32::from(number)));
        }
        builder
    };
    let filling = builder().start();
    until("all code is kept", || {
        let kept = fs::read_dir(cache.path()).unwrap().count();
        kept == 22
    });
    drop(filling);
    let host = builder().start();
    host.announcement("zz-good");
    assert_serves(&host, "zz-good");
    assert!(!has_ended(&host, "sleeper-"), "they still sleep");
    host.stdout().wait_for_text("still loading 10 more");
    // A connector added in the meantime doesn't wait for them either.
    fs::copy(guests::ECHOES_STATE, host.plugins().join("new.wasm")).unwrap();
    host.log().wait_for_text("connector loaded");
    assert_serves(&host, "new");
    let line = host.stdout().wait_for_text("its start took longer than 5s");
    assert!(line.contains("sleeper-"), "{line}");
}

#[test]
fn components_that_compile_for_minutes_do_not_delay_others() {
    let cache = TempDir::new().unwrap();
    let mut builder = with_cache(&cache);
    for number in 0..4 {
        // All are different.
        builder = builder.file(&format!("bomb-{number}.wasm"), large(20_000 + number, 100));
    }
    let host = builder.start();
    host.stdout().wait_for_text("still loading 4 more");
    fs::copy(guests::ECHOES_STATE, host.plugins().join("good.wasm")).unwrap();
    host.log().wait_for_text("connector loaded");
    assert_serves(&host, "good");
    assert!(!has_ended(&host, "bomb-"), "they are still compiled");
}

/// Requests pages of `name` until `ended` is true. Returns how many were answered; each of them must be.
fn call_until(host: &Host, name: &str, ended: &AtomicBool) -> u32 {
    let mut answered = 0;
    while !ended.load(Ordering::Relaxed) {
        let row = host
            .weld(name)
            .good_row("beers", &json!({ "page": answered }));
        assert_eq!(row["table"], "beers");
        answered += 1;
    }
    answered
}

#[test]
fn two_hosts_answer_calls_while_filling_one_cache() {
    let cache = TempDir::new().unwrap();
    let plugins = [
        ("echo", guests::ECHOES_STATE),
        ("rows", guests::MAKES_ROWS),
        ("words", guests::ANSWERS_ITS_WORDS),
    ];
    let start = || {
        let mut builder = with_cache(&cache);
        for (name, component) in plugins {
            builder = builder.plugin(name, component);
        }
        builder.start()
    };
    thread::scope(|scope| {
        let hosts = [scope.spawn(start), scope.spawn(start)];
        let hosts = hosts.map(|host| host.join().unwrap());
        for host in &hosts {
            for (name, _) in plugins {
                assert_eq!(host.weld(name).schema().status(), 200, "{name}");
            }
        }
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let callers = [&hosts[0], &hosts[0], &hosts[1], &hosts[1]]
                .map(|host| scope.spawn(|| call_until(host, "echo", &ended)));
            // Each host compiles them, and both write the same entries.
            for number in 0..3 {
                let mut component = fs::read(guests::MAKES_ROWS).unwrap();
                // Its own section, named "n" with one byte in it, makes it a different component.
                component.extend([0, 3, 1, b'n', number]);
                for host in &hosts {
                    let path = host.plugins().join(format!("late-{number}.wasm"));
                    fs::write(path, &component).unwrap();
                }
            }
            for host in &hosts {
                for number in 0..3 {
                    host.log().wait_for_text(&format!("late-{number}"));
                }
            }
            ended.store(true, Ordering::Relaxed);
            for caller in callers {
                assert!(caller.join().unwrap() > 0, "calls are answered meanwhile");
            }
        });
        for host in &hosts {
            let lines = host.log().so_far();
            assert!(
                !lines.iter().any(|line| line.contains(" WARN ")),
                "{lines:?}"
            );
        }
    });
    let third = start();
    for (name, _) in plugins {
        let line = third.announcement(name);
        assert!(line.contains("from the cache"), "{line}");
    }
}
