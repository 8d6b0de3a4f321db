//! Folders as found on operators' machines: full, read-only, missing, with unexpected files, changing all the time.

use crate::{assert_error, guests, host};
use serde_json::json;
use std::fs::{self, File};
use std::path::Path;
use tempfile::TempDir;
use weld_host_tests::component;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::process::children;
use weld_host_tests::until;

const NOT_KEPT: &str = "could not be cached";

fn with_cache(folder: &Path) -> HostBuilder {
    host()
        .flag("--cache", &folder.display().to_string())
        .flag("--reload", "100ms")
}

fn assert_serves(host: &Host, name: &str) {
    let row = host.weld(name).good_row("beers", &json!({}));
    assert_eq!(row["table"], "beers");
}

/// How many lines of the log contain this text.
fn logged(host: &Host, text: &str) -> usize {
    let lines = host.log().so_far();
    lines.iter().filter(|line| line.contains(text)).count()
}

/// Replaces a file by another one, in one step.
fn put(source: impl AsRef<Path>, folder: &Path, name: &str) {
    let aside = folder.join(format!(".{name}.part"));
    fs::copy(source, &aside).unwrap();
    fs::rename(aside, folder.join(name)).unwrap();
}

#[test]
fn full_cache_is_reported_once_per_connector_and_does_not_prevent_serving() {
    let cache = TempDir::new().unwrap();
    let builder = || with_cache(cache.path()).plugin("kept", guests::TRAPS);
    let filled = builder().start();
    filled.announcement("kept");
    drop(filled);
    let files = || fs::read_dir(cache.path()).unwrap().count();
    let kept = files();
    // Writing beyond the maximum file size fails like writing to a full disk. This number of 512-byte blocks is too
    // small for code, and large enough for the images of memories.
    let host = builder()
        .after("trap '' XFSZ; ulimit -f 200")
        .plugin("one", guests::ECHOES_STATE)
        .plugin("two", guests::MAKES_ROWS)
        .flag("--unmap-after", "100ms")
        .start();
    assert_serves(&host, "one");
    host.announcement("two");
    let both = |lines: &[String]| lines.iter().filter(|line| line.contains(NOT_KEPT)).count() == 2;
    assert!(host.log().wait_until(both));
    // Used later than `one`, so it is freed no earlier.
    assert_eq!(host.weld("kept").schema().status(), 200);
    until("code that is kept is given back", || {
        !host.maps().contains(".cwasm")
    });
    // Code that is not in the cache is never freed; otherwise it would be compiled for each call.
    assert_serves(&host, "one");
    assert_eq!(logged(&host, NOT_KEPT), 2);
    assert_eq!(files(), kept);
}

#[test]
fn read_only_cache_is_reported_and_does_not_prevent_serving() {
    // It belongs to the host itself, and is read-only even for root.
    let host = with_cache(Path::new("/proc/self/fdinfo"))
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    assert_serves(&host, "guest");
    host.log().wait_for("the warning", |line| {
        line.contains("WARN") && line.contains(NOT_KEPT) && line.contains("it can't be written")
    });
}

#[test]
fn cache_removed_at_runtime_does_not_prevent_serving() {
    let parent = TempDir::new().unwrap();
    let cache = parent.path().join("cache");
    let host = with_cache(&cache)
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    host.announcement("guest");
    fs::remove_dir_all(&cache).unwrap();
    put(guests::ECHOES_STATE, host.plugins(), "other.wasm");
    host.log().wait_for_text("connector loaded");
    assert_eq!(logged(&host, NOT_KEPT), 1);
    assert_serves(&host, "other");
    assert_serves(&host, "guest");
}

#[test]
fn copy_truncated_by_a_full_disk_leaves_the_last_good_one_serving() {
    let host = host()
        .flag("--reload", "100ms")
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    let whole = fs::read(guests::MAKES_ROWS).unwrap();
    for (count, length) in [(1, 0), (2, 5), (3, whole.len() / 2)] {
        fs::write(host.plugins().join("guest.wasm"), &whole[..length]).unwrap();
        let refused = |lines: &[String]| {
            let refused = lines.iter().filter(|line| line.contains("failed to load"));
            refused.count() == count
        };
        assert!(host.log().wait_until(refused), "{length} bytes");
        assert_serves(&host, "guest");
    }
    put(guests::ECHOES_STATE, host.plugins(), "guest.wasm");
    host.log().wait_for_text("connector reloaded");
    assert_serves(&host, "guest");
}

#[test]
fn component_of_half_a_gigabyte_is_refused_without_being_read() {
    let peak_beside = |bytes: u64| {
        let builder = host().plugin("guest", guests::ECHOES_STATE);
        let huge = File::create(builder.plugins().join("huge.wasm")).unwrap();
        huge.set_len(bytes).unwrap();
        let host = builder.flag("--max-component", "256MiB").start();
        let line = host.announcement("huge");
        assert!(line.contains("not loaded: "), "{line}");
        assert_error(&host.weld("huge").schema(), 503, "connector_unavailable");
        assert_serves(&host, "guest");
        host.peak_memory()
    };
    let (empty, huge) = (peak_beside(0), peak_beside(500 << 20));
    assert!(huge < empty + (64 << 20), "{huge} and {empty} bytes");
}

#[test]
fn many_broken_files_take_hardly_any_memory() {
    let peak_beside = |broken: usize| {
        let mut builder = host()
            .flag("--reload", "100ms")
            .flag("--total-memory", "256MiB");
        for number in 0..10 {
            builder = builder.plugin(&format!("good-{number}"), guests::ECHOES_STATE);
        }
        let good = fs::read(guests::ECHOES_STATE).unwrap();
        // Only mistakes, one in each line.
        let config = "x\n".repeat(8_000);
        for number in 0..broken {
            let mut component = good[..good.len() / 2].to_vec();
            component.extend(number.to_le_bytes());
            builder = builder
                .file(&format!("component-{number}.wasm"), component)
                .plugin(&format!("configured-{number}"), guests::ECHOES_STATE)
                .config(&format!("configured-{number}"), &config);
        }
        let host = builder.start();
        for number in 0..10 {
            assert_serves(&host, &format!("good-{number}"));
        }
        until("all are reported", || {
            logged(&host, "connector not loaded") >= 2 * broken
        });
        assert_serves(&host, "good-0");
        host.peak_memory()
    };
    let (none, broken) = (peak_beside(0), peak_beside(100));
    assert!(broken < none + (64 << 20), "{broken} and {none} bytes");
}

#[test]
fn ten_thousand_other_files_do_no_harm() {
    let builder = host()
        .flag("--reload", "100ms")
        .plugin("guest", guests::ECHOES_STATE);
    for number in 0..10_000 {
        let ending = if number % 2 == 0 { "toml" } else { "txt" };
        let name = format!("note-{number}.{ending}");
        File::create(builder.plugins().join(name)).unwrap();
    }
    let host = builder.start();
    assert_serves(&host, "guest");
    let line = host.log().wait_for_text("more configurations have no");
    assert!(line.contains("more=4990"), "{line}");
    put(guests::ECHOES_STATE, host.plugins(), "other.wasm");
    host.log().wait_for_text("connector loaded");
    assert_serves(&host, "other");
    let lines = host.log().so_far();
    assert!(lines.len() < 40, "{} lines", lines.len());
}

#[test]
fn connector_renamed_repeatedly_serves_under_its_last_name() {
    let host = host()
        .flag("--reload", "100ms")
        .plugin("guest", guests::ANSWERS_ITS_WORDS)
        .config("guest", "[env]\nWORDS = \"first\"")
        .start();
    host.announcement("guest");
    let path = |name: &str| host.plugins().join(name);
    fs::write(path("other.toml"), "[env]\nWORDS = \"other\"").unwrap();
    for _ in 0..250 {
        fs::rename(path("guest.wasm"), path("other.wasm")).unwrap();
        fs::rename(path("other.wasm"), path("guest.wasm")).unwrap();
    }
    assert_eq!(
        host.weld("guest").good_row("words", &json!({}))["words"],
        "first"
    );
    fs::rename(path("guest.wasm"), path("other.wasm")).unwrap();
    until("the old name is gone", || {
        host.weld("guest").schema().status() == 404
    });
    until("the new name serves", || {
        host.weld("other").schema().status() == 200
    });
    assert_eq!(
        host.weld("other").good_row("words", &json!({}))["words"],
        "other"
    );
}

#[test]
fn component_replaced_while_it_is_loaded_serves_in_its_last_version() {
    let cache = TempDir::new().unwrap();
    let host = with_cache(cache.path())
        .flag("--compile-time", "10m")
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    assert_serves(&host, "guest");
    fs::write(host.plugins().join(".part"), component::slow()).unwrap();
    fs::rename(
        host.plugins().join(".part"),
        host.plugins().join("guest.wasm"),
    )
    .unwrap();
    until("it is compiled", || !children(host.id()).is_empty());
    put(guests::MAKES_ROWS, host.plugins(), "guest.wasm");
    // The file that is not a connector is never reported as refused: by the time that is known, it has been replaced.
    host.log().wait_for_text("connector reloaded");
    assert_eq!(logged(&host, "failed to load"), 0);
    assert_eq!(
        host.weld("guest").page("3", &json!({})).json()["insert"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}
