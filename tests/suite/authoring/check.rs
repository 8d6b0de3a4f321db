//! `weld-host check`: its findings and its exit status.

use crate::{PROGRAM, guests};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;
use weld_host::demo::EXAMPLE_CONNECTOR;
use weld_host_tests::demo_api::{Api, TOKEN, unlimited};

/// A folder with connectors.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    pub(crate) fn with(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        fs::write(self.0.path().join(name), contents).expect("the folder can be written");
        self
    }

    pub(crate) fn with_guest(self, name: &str, component: &str) -> Self {
        let component = fs::read(component).expect("the build script made it");
        self.with(name, component)
    }

    pub(crate) fn check(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM)
            .arg("check")
            .args(arguments)
            .env_clear()
            // Used instead of the user's cache folder.
            .env(
                "XDG_CACHE_HOME",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("check"),
            )
            .current_dir(self.0.path())
            .output()
            .expect("the program can be started")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The JSON objects of an output, one per line.
fn objects(output: &Output) -> Vec<Value> {
    text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// The table and code of each finding.
fn findings(checked: &Value) -> BTreeSet<(String, String)> {
    let finding = |finding: &Value| {
        for text in ["message", "fix", "severity"] {
            assert!(!finding[text].as_str().unwrap().is_empty(), "{finding}");
        }
        (
            finding["table"].as_str().unwrap_or("-").to_owned(),
            finding["code"].as_str().unwrap().to_owned(),
        )
    };
    let all = checked["findings"].as_array().unwrap();
    let found: BTreeSet<_> = all.iter().map(finding).collect();
    assert_eq!(found.len(), all.len(), "each is reported once: {checked}");
    found
}

fn pairs(expected: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    expected
        .iter()
        .map(|(table, code)| ((*table).to_owned(), (*code).to_owned()))
        .collect()
}

#[test]
fn connector_without_a_fault_passes() {
    let api = Api::start(unlimited());
    let origin = format!("http://{}", api.address);
    let folder = Folder::new().with("beers.wasm", EXAMPLE_CONNECTOR).with(
        "beers.toml",
        format!(
            "[env]\nAPI_BASE_URL = \"{origin}\"\nPAUSE_MS = \"0\"\nAPI_BEARER_TOKEN = \"{TOKEN}\"\n[network]\nallow = [\"{origin}\"]"
        ),
    );
    let output = folder.check(&["beers.wasm", "--strict"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("speaks   weld:connector 0.1.0"), "{said}");
    assert!(said.contains("weld:connector/host@0.1.0"), "{said}");
    assert!(said.contains("beers: "), "{said}");
    assert!(said.ends_with("  ok\n"), "{said}");
}

#[test]
fn every_fault_and_nothing_else_is_found() {
    let folder = Folder::new().with_guest("faulty.wasm", guests::HAS_EVERY_FAULT);
    let output = folder.check(&["faulty.wasm", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let checked = &objects(&output)[0];
    let expected = pairs(&[
        ("-", "odd-name"),
        ("-", "similar-names"),
        ("-", "call-refused"),
        ("no_key", "no-primary-key"),
        ("key_missing", "key-missing"),
        ("key_null", "key-null"),
        ("key_twice", "key-twice"),
        ("other_kinds", "kind-changed"),
        ("unrepeatable", "not-repeatable"),
        ("stuck", "state-stuck"),
        ("repeats", "resume-repeats"),
        ("fails_to_resume", "resume-failed"),
        ("misconfigured", "misconfigured"),
        ("unauthorized", "unauthorized"),
        ("fails", "page-failed"),
        ("mistyped", "type-mismatch"),
        ("lacks_a_field", "field-never-came"),
        ("odd_times", "odd-time"),
        ("counts_far", "large-integer"),
    ]);
    assert_eq!(findings(checked), expected, "{checked:#}");
    let refused = checked["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["code"] == "call-refused")
        .unwrap();
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.contains("https://api.example.com") && message.contains("faulty.toml"),
        "{message}"
    );
    let good = &checked["tables"][0];
    assert_eq!(*good, json!({ "name": "good", "rows": 2 }));
}

#[test]
fn offline_check_requests_no_page() {
    let folder = Folder::new().with_guest("faulty.wasm", guests::HAS_EVERY_FAULT);
    let output = folder.check(&["faulty.wasm", "--json", "--offline"]);
    assert_eq!(output.status.code(), Some(0));
    let checked = &objects(&output)[0];
    let expected = pairs(&[
        ("-", "odd-name"),
        ("-", "similar-names"),
        ("no_key", "no-primary-key"),
    ]);
    assert_eq!(findings(checked), expected, "{checked:#}");
    assert_eq!(checked["tables"][0]["rows"], Value::Null);
    let output = folder.check(&["faulty.wasm", "--offline", "--strict"]);
    assert_eq!(output.status.code(), Some(1), "warnings are errors");
}

#[test]
fn file_that_no_host_would_load_is_reported_with_its_reason() {
    let folder = Folder::new()
        .with("text.wasm", "no wasm")
        .with("module.wasm", b"\0asm\x01\0\0\0")
        .with_guest("command.wasm", guests::IS_A_COMMAND)
        .with_guest("later.wasm", guests::SPEAKS_ANOTHER_VERSION)
        .with_guest("shape.wasm", guests::EXPORTS_ANOTHER_SHAPE)
        .with_guest("imports.wasm", guests::IMPORTS_AN_UNKNOWN_FUNCTION)
        .with_guest("config.wasm", guests::ECHOES_STATE)
        .with("config.toml", "[limits]\nmemroy = 1");
    for (file, code, part) in [
        ("text.wasm", "no-component", "the file is not WebAssembly"),
        ("module.wasm", "no-component", "a core module"),
        ("command.wasm", "no-contract", "wasi:cli/run"),
        ("later.wasm", "contract-version", "0.2.0"),
        ("shape.wasm", "not-loaded", "weld:connector/source"),
        ("imports.wasm", "not-loaded", "teleport"),
        ("config.wasm", "not-loaded", "did you mean `memory`?"),
    ] {
        let output = folder.check(&[file, "--json"]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        let checked = &objects(&output)[0];
        assert_eq!(findings(checked), pairs(&[("-", code)]), "{checked:#}");
        let message = checked["findings"][0]["message"].as_str().unwrap();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn several_connectors_are_checked_in_turn() {
    let folder = Folder::new()
        .with("text.wasm", "no wasm")
        .with_guest("faulty.wasm", guests::HAS_EVERY_FAULT);
    let output = folder.check(&["text.wasm", "faulty.wasm", "--offline", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let files: Vec<_> = objects(&output)
        .iter()
        .map(|checked| checked["file"].clone())
        .collect();
    assert_eq!(files, ["text.wasm", "faulty.wasm"]);
    assert!(text(&output.stderr).contains("1 connector did not pass"));
    let output = folder.check(&["none.wasm"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is no component none.wasm"));
}

#[test]
fn connector_without_a_kit_conforms() {
    let folder = Folder::new().with_guest("conforms.wasm", guests::CONFORMS);
    let output = folder.check(&["--conformance", "conforms.wasm"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.ends_with("  34 of 34 passed\n"), "{said}");
}

#[test]
fn connector_not_written_for_conformance_does_not_conform() {
    let folder = Folder::new().with_guest("faulty.wasm", guests::HAS_EVERY_FAULT);
    let output = folder.check(&["--conformance", "--json", "faulty.wasm"]);
    assert_eq!(output.status.code(), Some(1));
    let checked = &objects(&output)[0];
    let cases = checked["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        assert_eq!(case["passed"], false, "{case}");
        assert!(!case["failure"].as_str().unwrap().is_empty(), "{case}");
    }
}
