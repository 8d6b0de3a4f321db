//! `weld-host new`: the folder that it creates builds, tests itself, and can be served.

use crate::{PROGRAM, host};
use serde_json::json;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;
use weld_host_tests::demo_api::{Api, unlimited};
use weld_host_tests::host::Host;
use weld_host_tests::process::Process;
use weld_host_tests::until;

fn new(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .arg("new")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("the program can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs cargo in `folder`, with a target folder that later runs reuse.
fn cargo(folder: &Path, target: &Path, arguments: &[&str]) {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).current_dir(folder);
    cargo.env("CARGO_TARGET_DIR", target);
    // These variables are meant for the build of the suite.
    for variable in [
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
    ] {
        cargo.env_remove(variable);
    }
    let output = cargo.output().expect("cargo can be started");
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
}

#[test]
fn new_rust_connector_builds_tests_itself_and_syncs_from_the_demo() {
    let desk = TempDir::new().unwrap();
    let output = new(desk.path(), &["shop.eu", "--lang", "rust"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    for command in [
        "weld-host build shop.eu --install\n",
        "weld-host sync shop.eu\n",
    ] {
        assert!(said.contains(command), "{said}");
    }
    assert!(said.lines().all(|line| line.len() <= 100), "{said}");

    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new");
    let folder = desk.path().join("shop.eu");
    cargo(&folder, &target, &["test", "--locked"]);
    let built = Command::new(PROGRAM)
        .args(["build", "shop.eu"])
        .current_dir(desk.path())
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .expect("the program can be started");
    assert_eq!(built.status.code(), Some(0), "{}", text(&built.stderr));

    let api = Api::start(unlimited());
    let plugins = desk.path().join("plugins");
    let config = fs::read_to_string(plugins.join("shop.eu.toml")).unwrap();
    let host = host()
        .file("shop.wasm", fs::read(plugins.join("shop.eu.wasm")).unwrap())
        .config(
            "shop",
            &config.replace("127.0.0.1:9090", &api.address.to_string()),
        )
        .start();
    for (table, rows) in [("beers", 325), ("orders", 260)] {
        assert_eq!(ids(&host, table).len(), rows, "{table}");
    }
}

#[test]
fn signal_leaves_a_complete_folder_or_nothing() {
    let desk = TempDir::new().unwrap();
    new(desk.path(), &["whole", "--lang", "typescript"]);
    let files = |folder: &Path| {
        let mut folders = vec![folder.to_owned()];
        let mut count = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => count += 1,
                }
            }
        }
        count
    };
    let all = files(&desk.path().join("whole"));
    let has_begun = || fs::read_dir(desk.path()).unwrap().count() > 1;
    for _ in 0..20 {
        let mut command = Command::new(PROGRAM);
        command
            .args(["new", "shop", "--lang", "typescript"])
            .current_dir(desk.path());
        let process = Process::start(&mut command);
        until("it has begun", has_begun);
        process.signal(rustix::process::Signal::INT);
        let ended = process.wait();
        let folder = desk.path().join("shop");
        if folder.exists() {
            assert!(ended.status.success(), "{ended:?}");
            assert_eq!(files(&folder), all);
            fs::remove_dir_all(&folder).unwrap();
        } else {
            assert_eq!(ended.status.code(), Some(1), "{ended:?}");
            assert!(ended.stderr.join("").contains("stopped by a signal"));
        }
        let left: Vec<_> = fs::read_dir(desk.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}

/// The ids of a table, read to its end.
fn ids(host: &Host, table: &str) -> BTreeSet<u64> {
    let mut ids = BTreeSet::new();
    let mut state = json!({});
    for _ in 0..20 {
        let page = host.weld("shop").good_page(table, &state);
        let rows = page["insert"].as_array().unwrap();
        ids.extend(rows.iter().map(|row| row["id"].as_u64().unwrap()));
        if page["hasMore"] == json!(false) {
            return ids;
        }
        state = page["state"].clone();
    }
    panic!("the table has no end");
}

/// The crates in a lock file with their versions, without the package that the file belongs to.
fn crates(lock: &str, own: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(lock);
    let text = fs::read_to_string(path).unwrap();
    let packages = text.split("[[package]]").skip(1);
    let mut crates: Vec<_> = packages
        .map(|package| {
            package
                .lines()
                .skip(1)
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .filter(|package| !package.starts_with(&format!("name = \"{own}\"")))
        .collect();
    crates.sort();
    crates
}

#[test]
fn template_has_the_crates_of_the_example() {
    let of_the_example = crates("guest-example/Cargo.lock", "beers");
    assert!(of_the_example.len() > 10, "{of_the_example:?}");
    assert_eq!(
        crates("templates/rust/Cargo.lock", "connector"),
        of_the_example
    );
}

#[test]
fn existing_folder_or_invalid_name_is_refused_and_nothing_is_written() {
    let desk = TempDir::new().unwrap();
    fs::write(desk.path().join("shop"), "mine").unwrap();
    for (name, words) in [
        ("shop", "shop already exists"),
        ("My Shop", "my-shop"),
        ("../shop", "/"),
        ("schema", "the server itself"),
    ] {
        let output = new(desk.path(), &[name]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        let message = text(&output.stderr);
        assert!(message.contains(words), "{name}: {message}");
    }
    assert_eq!(fs::read_dir(desk.path()).unwrap().count(), 1);
    assert_eq!(
        fs::read_to_string(desk.path().join("shop")).unwrap(),
        "mine"
    );
}
