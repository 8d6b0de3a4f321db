//! Hosts that load compiled files.

use super::{compiled, image, of_image, put, text, with_record};
use crate::{assert_error, guests, host};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::until;
use weld_host_tests::weld::Request;

/// A host without a home, a cache and a compiler, for connectors in `plugins`.
fn compilerless(plugins: &Path) -> HostBuilder {
    host()
        .without("--cache")
        .flag("--plugins", text(plugins))
        .switch("--require-compiled")
}

fn assert_serves(host: &Host, name: &str) {
    let row = host.weld(name).good_row("beers", &json!({}));
    assert_eq!(row["table"], "beers");
}

/// The metrics of a host with an admin listener.
fn metrics(host: &Host) -> String {
    let line = host.stdout().wait_for_text("admin listener on ");
    let address = line.rsplit("http://").next().unwrap().parse().unwrap();
    Request::new(address, "GET", "/metrics").send().text()
}

/// A copy of the compiled connector `echo`, in a folder to which only this user can write.
fn echo() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["echo.wasm", "echo.cwasm"] {
        put(&of_image(name), &folder.path().join(name));
    }
    folder
}

#[test]
fn compiled_connectors_serve_without_a_compiler_and_a_cache() {
    let host = compilerless(image()).flag("--admin", "127.0.0.1:0").start();
    for name in ["echo", "traps"] {
        let line = host.announcement(name);
        assert!(line.ends_with(" from its compiled file"), "{line}");
    }
    assert_serves(&host, "echo");
    let crash = host.weld("traps").page("panic", &json!({}));
    assert_error(&crash, 500, "connector_crashed");
    let metrics = metrics(&host);
    let used = "weld_host_compiled_files_total{result=\"used\"} 2";
    assert!(metrics.contains(used), "{metrics}");
    assert!(
        metrics.contains("weld_host_compile_seconds_count 0"),
        "{metrics}"
    );
    assert!(
        !metrics.contains("weld_host_code_cache_lookups_total{"),
        "{metrics}"
    );
    let log = host.log().so_far().join("\n");
    assert!(!log.contains("cache"), "{log}");
}

#[test]
fn compiled_files_are_used_only_if_the_operator_names_their_folder() {
    let start = |builder: HostBuilder| {
        let host = builder.plugin("echo", guests::ECHOES_STATE);
        let host = host.file("echo.cwasm", fs::read(of_image("echo.cwasm")).unwrap());
        let host = host.start();
        assert_serves(&host, "echo");
        host.announcement("echo")
    };
    let line = start(host());
    assert!(!line.contains("compiled file"), "{line}");
    let line = start(host().flag("--compiled", text(image())));
    assert!(line.ends_with(" from its compiled file"), "{line}");
    let line = start(host().flag("--compiled", "."));
    assert!(line.ends_with(" from its compiled file"), "{line}");
}

#[test]
fn without_a_compiled_file_a_component_is_compiled_unless_that_is_forbidden() {
    let cache = TempDir::new().unwrap();
    let both = || {
        let builder = host().plugin("echo", guests::ECHOES_STATE);
        let builder = builder.plugin("rows", guests::MAKES_ROWS);
        builder.flag("--compiled", text(image()))
    };
    let compiles = both().flag("--cache", text(cache.path())).start();
    assert_serves(&compiles, "echo");
    let line = compiles.announcement("rows");
    assert!(
        line.contains("  loaded in ") && !line.contains("from"),
        "{line}"
    );
    drop(compiles);
    let line = both()
        .flag("--cache", text(cache.path()))
        .start()
        .announcement("rows");
    assert!(line.ends_with(" from the cache"), "{line}");
    let requires = both().switch("--require-compiled").start();
    assert_serves(&requires, "echo");
    let line = requires.announcement("rows");
    assert!(
        line.contains("not loaded: its compiled file ")
            && line.contains(
                "rows.cwasm can't be used: there is no such file; run `weld-host compile`"
            ),
        "{line}"
    );
    assert_error(
        &requires.weld("rows").schema(),
        503,
        "connector_unavailable",
    );
}

#[test]
fn code_for_each_named_processor_that_this_machine_can_run_serves() {
    let folder = TempDir::new().unwrap();
    let names = ["baseline", "native"].into_iter();
    let names = names.chain(cfg!(target_arch = "x86_64").then_some("x86-64-v3"));
    for name in names {
        put(&of_image("echo.wasm"), &folder.path().join("echo.wasm"));
        compiled(&[text(folder.path()), "--cpu", name]);
        let host = compilerless(folder.path()).start();
        let line = host.announcement("echo");
        if line.contains("not loaded") {
            assert!(
                name == "x86-64-v3" && line.contains("which this machine's lacks"),
                "{line}"
            );
        } else {
            assert_serves(&host, "echo");
        }
    }
}

#[test]
fn a_new_version_serves_once_its_compiled_file_is_there() {
    let folder = TempDir::new().unwrap();
    put(&of_image("echo.wasm"), &folder.path().join("shop.wasm"));
    let host = compilerless(folder.path())
        .flag("--reload", "100ms")
        .start();
    assert!(host.announcement("shop").contains("there is no such file"));
    put(&of_image("echo.cwasm"), &folder.path().join("shop.cwasm"));
    host.log().wait_for_text("connector loaded");
    assert_serves(&host, "shop");
    // The component first, as when somebody copies the folder.
    put(&of_image("traps.wasm"), &folder.path().join("shop.wasm"));
    let line = host.log().wait_for_text("the previous one keeps serving");
    assert!(line.contains("other contents of the .wasm file"), "{line}");
    assert_serves(&host, "shop");
    put(&of_image("traps.cwasm"), &folder.path().join("shop.cwasm"));
    host.log().wait_for_text("connector reloaded");
    assert_error(
        &host.weld("shop").page("panic", &json!({})),
        500,
        "connector_crashed",
    );
}

#[test]
fn a_file_that_is_overwritten_changes_no_running_code() {
    let folder = echo();
    let host = compilerless(folder.path()).flag("--reload", "off").start();
    assert_serves(&host, "echo");
    // In place, as `cp` does, and shorter.
    fs::write(folder.path().join("echo.cwasm"), [0xff; 5000]).unwrap();
    for _ in 0..3 {
        assert_serves(&host, "echo");
    }
    assert_eq!(host.weld("echo").schema().status(), 200);
}

#[test]
fn idle_code_is_freed_and_mapped_from_its_compiled_file_again() {
    let folder = echo();
    let host = compilerless(folder.path())
        .flag("--reload", "off")
        .flag("--unmap-after", "100ms")
        .start();
    let is_mapped = || host.maps().contains("weld-host-copy") || host.maps().contains(".cwasm");
    for _ in 0..2 {
        assert_serves(&host, "echo");
        assert!(is_mapped());
        until("the code is freed", || !is_mapped());
    }
    let file = folder.path().join("echo.cwasm");
    let code = fs::read(&file).unwrap();
    fs::write(
        &file,
        with_record(&code, |record| record["host"] = json!("9.9.9")),
    )
    .unwrap();
    assert_error(
        &host.weld("echo").page("beers", &json!({})),
        503,
        "connector_unavailable",
    );
    fs::write(&file, &code).unwrap();
    assert_serves(&host, "echo");
}

#[test]
fn idle_code_is_mapped_again_although_a_refused_version_has_its_name() {
    let folder = echo();
    let host = compilerless(folder.path())
        .flag("--reload", "100ms")
        .flag("--unmap-after", "100ms")
        .start();
    let is_mapped = || host.maps().contains("weld-host-copy") || host.maps().contains(".cwasm");
    assert_serves(&host, "echo");
    let code = fs::read(of_image("echo.cwasm")).unwrap();
    let other = folder.path().join("other");
    let newer = with_record(&code, |record| record["host"] = json!("9.9.9"));
    fs::write(&other, newer).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o644)).unwrap();
    fs::rename(&other, folder.path().join("echo.cwasm")).unwrap();
    host.log().wait_for_text("the previous one keeps serving");
    for _ in 0..2 {
        until("the code is freed", || !is_mapped());
        assert_serves(&host, "echo");
    }
}

#[test]
fn a_refused_file_is_read_and_reported_once_and_not_at_each_wake() {
    let folder = echo();
    fs::write(folder.path().join("echo.cwasm"), "damaged").unwrap();
    let host = host()
        .flag("--plugins", text(folder.path()))
        .flag("--compiled", text(folder.path()))
        .flag("--reload", "off")
        .flag("--unmap-after", "100ms")
        .flag("--admin", "127.0.0.1:0")
        .start();
    let refused = || {
        let metrics = metrics(&host);
        let line = |line: &&str| line.contains("compiled_files_total{result=\"refused\"}");
        metrics.lines().find(line).map(str::to_owned)
    };
    assert_serves(&host, "echo");
    let before = refused();
    assert!(before.is_some());
    for _ in 0..2 {
        until("the code is freed", || !host.maps().contains(".cwasm"));
        assert_serves(&host, "echo");
    }
    assert_eq!(refused(), before);
}
