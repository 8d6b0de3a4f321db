//! The folder of compiled code is used only if nobody else can have written it; otherwise the code is compiled again.

use crate::{assert_error, guests, host};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use weld_host_tests::host::{Host, HostBuilder};

/// A cache folder, filled by one start.
struct Filled {
    folder: TempDir,
}

impl Filled {
    fn new() -> Self {
        let filled = Self {
            folder: TempDir::new().unwrap(),
        };
        assert!(!came_from_cache(&filled.start()), "nothing is there yet");
        filled
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("made/by/the/host")
    }

    fn start(&self) -> Host {
        with_cache(&self.path())
            .plugin("guest", guests::TRAPS)
            .start()
    }

    /// The files of compiled code.
    fn code(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let code: Vec<PathBuf> = files
            .filter(|path| path.extension().is_some_and(|is| is == "cwasm"))
            .collect();
        assert!(!code.is_empty(), "something was kept");
        code
    }
}

fn with_cache(folder: &Path) -> HostBuilder {
    host().flag("--cache", &folder.display().to_string())
}

fn came_from_cache(host: &Host) -> bool {
    let line = host.announcement("guest");
    assert!(line.contains("  loaded in "), "{line}");
    line.contains("cache")
}

/// Replaces a file by a copy, so that what a running host has mapped stays unchanged.
fn replace(path: &Path, contents: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, contents).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn second_start_uses_compiled_code_from_the_cache() {
    let cache = Filled::new();
    let host = cache.start();
    assert!(came_from_cache(&host));
    assert_error(
        &host.weld("guest").page("panic", &json!({})),
        500,
        "connector_crashed",
    );
}

#[test]
fn full_cache_loses_the_code_of_connectors_that_are_gone() {
    let cache = Filled::new();
    let old = cache.code();
    let start = || {
        with_cache(&cache.path())
            .flag("--cache-size", "1B")
            .plugin("other", guests::ECHOES_STATE)
            .plugin("third", guests::MAKES_ROWS)
            .start()
    };
    let first = start();
    for name in ["other", "third"] {
        assert!(first.announcement(name).contains("loaded in"));
    }
    drop(first);
    let kept = cache.code();
    assert_eq!(kept.len(), 2, "both of the loaded ones");
    assert!(!kept.iter().any(|file| old.contains(file)));
    let host = start();
    assert!(host.announcement("other").contains("cache"));
    assert!(host.announcement("third").contains("cache"));
}

#[test]
fn nobody_else_can_write_to_the_cache() {
    let cache = Filled::new();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&cache.path()), 0o700);
    for path in cache.code() {
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn code_that_others_may_have_written_is_compiled_again() {
    type Tampering = fn(&Path);
    let tamperings: [(&str, Tampering); 5] = [
        ("a changed byte", |path| {
            let mut contents = fs::read(path).unwrap();
            let middle = contents.len() / 2;
            contents[middle] ^= 0xff;
            replace(path, &contents);
        }),
        ("an empty file", |path| replace(path, b"")),
        ("a file that others may write to", |path| {
            fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
        }),
        ("a link to a file elsewhere", |path| {
            let elsewhere = path.with_extension("elsewhere");
            fs::rename(path, &elsewhere).unwrap();
            symlink(&elsewhere, path).unwrap();
        }),
        ("no file", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
    ];
    for (what, tamper) in tamperings {
        let cache = Filled::new();
        cache.code().iter().for_each(|path| tamper(path));
        let host = cache.start();
        assert!(!came_from_cache(&host), "{what}");
        host.log().wait_for("the refusal", |line| {
            line.contains("WARN") && line.contains(".cwasm")
        });
        assert_error(
            &host.weld("guest").page("panic", &json!({})),
            500,
            "connector_crashed",
        );
    }
}

#[test]
fn folder_that_others_may_write_to_is_not_used() {
    let cache = Filled::new();
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let host = cache.start();
    assert!(!came_from_cache(&host));
    host.log().wait_for("the warning", |line| {
        line.contains("WARN") && line.contains("cache")
    });
    assert_eq!(host.weld("guest").schema().status(), 200);
}

#[test]
fn code_under_another_components_name_is_compiled_again() {
    let cache = Filled::new();
    let both = || {
        let host = with_cache(&cache.path())
            .plugin("guest", guests::TRAPS)
            .plugin("other", guests::ECHOES_STATE)
            .start();
        host.announcement("other");
        host
    };
    let traps = cache.code();
    drop(both());
    let mut code = cache.code();
    code.sort_by_key(|path| !traps.contains(path));
    let [traps, echoes] = &code[..] else {
        panic!("one entry each: {code:?}");
    };
    for extension in ["cwasm", "sha256"] {
        let aside = cache.path().join("aside");
        let (one, other) = (
            traps.with_extension(extension),
            echoes.with_extension(extension),
        );
        fs::rename(&one, &aside).unwrap();
        fs::rename(&other, &one).unwrap();
        fs::rename(&aside, &other).unwrap();
    }
    let host = both();
    for name in ["guest", "other"] {
        let line = host.announcement(name);
        assert!(
            line.contains("  loaded in ") && !line.contains("cache"),
            "{line}"
        );
    }
    assert_error(
        &host.weld("guest").page("panic", &json!({})),
        500,
        "connector_crashed",
    );
    assert_eq!(
        host.weld("other").good_row("beers", &json!({}))["table"],
        "beers"
    );
}

#[test]
fn code_without_its_digest_is_compiled_again() {
    let cache = Filled::new();
    for path in cache.code() {
        fs::remove_file(path.with_extension("sha256")).unwrap();
    }
    assert!(!came_from_cache(&cache.start()));
    assert!(came_from_cache(&cache.start()), "and kept again");
}

#[test]
fn unusable_cache_does_not_prevent_serving() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let host = with_cache(file.path())
        .plugin("guest", guests::ECHOES_STATE)
        .start();
    host.log().wait_for("the warning", |line| {
        line.contains("WARN") && line.contains("cache")
    });
    assert_eq!(
        host.weld("guest").good_row("beers", &json!({}))["table"],
        "beers"
    );
}

#[test]
fn compiled_code_in_the_plugins_folder_is_never_run() {
    let cache = Filled::new();
    let code = fs::read(&cache.code()[0]).unwrap();
    let host = with_cache(&cache.path())
        .file("compiled.wasm", &code)
        .file("compiled.cwasm", &code)
        .start();
    let line = host.announcement("compiled");
    assert!(line.contains("not loaded: "), "{line}");
    assert_error(
        &host.weld("compiled").schema(),
        503,
        "connector_unavailable",
    );
}
