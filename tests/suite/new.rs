//! `weld-host new`: the folder that it makes builds, tests itself, and is served.

use crate::{PROGRAM, host};
use serde_json::json;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;
use weld_host_tests::upstream::Upstream;

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

/// Runs cargo in `folder`, with a target folder that later runs find again.
fn cargo(folder: &Path, target: &Path, arguments: &[&str]) {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).current_dir(folder);
    cargo.env("CARGO_TARGET_DIR", target);
    // Meant for the build of the suite.
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
fn new_rust_connector_builds_with_the_printed_command_and_is_served() {
    let desk = TempDir::new().unwrap();
    let output = new(desk.path(), &["shop", "--lang", "rust"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));

    let said = text(&output.stdout);
    let mut lines = said.lines();
    let build = lines
        .find_map(|line| line.strip_prefix("cargo "))
        .unwrap_or_else(|| panic!("no command: {said}"));
    let build: Vec<&str> = build.split(' ').collect();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new");
    cargo(desk.path(), &target, &build);
    cargo(&desk.path().join("shop"), &target, &["test", "--locked"]);

    let copy = "cp shop/target/wasm32-wasip2/release/connector.wasm shop/shop.wasm";
    assert!(said.contains(copy), "{said}");
    let component = target.join("wasm32-wasip2/release/connector.wasm");
    let api = Upstream::answering(r#"{"items": [{"id": 1.0}], "has_more": true}"#);
    let config = fs::read_to_string(desk.path().join("shop/shop.toml")).unwrap();
    let host = host()
        .file("shop.wasm", fs::read(component).unwrap())
        .config(
            "shop",
            &config.replace("https://api.example.com", &api.origin()),
        )
        .start();
    let schema = host.weld("shop").schema().json();
    assert_eq!(schema["schema"]["items"]["primary_key"], "id", "{schema}");
    let page = host.weld("shop").good_page("items", &json!({}));
    assert_eq!(page["insert"], json!([{ "id": 1.0 }]));
    assert_eq!(page["state"], json!({ "next_page": 2 }));
    assert_eq!(page["hasMore"], json!(true));
}

/// The crates of a lock file, each with its version, but for the one that it belongs to.
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
fn what_is_in_the_way_or_no_name_is_a_mistake_and_nothing_is_written() {
    let desk = TempDir::new().unwrap();
    fs::write(desk.path().join("shop"), "mine").unwrap();
    for (name, words) in [
        ("shop", "shop exists already"),
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
