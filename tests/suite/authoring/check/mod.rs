//! `weld-host check`: its findings and its exit status.

mod causes;
mod files;

use crate::{PROGRAM, guests};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
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

    fn cache(&self) -> PathBuf {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("check")
    }

    pub(crate) fn check(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM)
            .arg("check")
            .args(arguments)
            .env_clear()
            // Used instead of the user's cache folder.
            .env("XDG_CACHE_HOME", self.cache())
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

/// The tables, with spaces between them, and the code of each finding.
fn findings(checked: &Value) -> BTreeSet<(String, String)> {
    let finding = |finding: &Value| {
        for text in ["message", "severity"] {
            assert!(!finding[text].as_str().unwrap().is_empty(), "{finding}");
        }
        // None if the message says all there is to say.
        let has_fix = finding["fix"].as_str().is_some_and(|fix| !fix.is_empty());
        assert!(has_fix || finding["fix"].is_null(), "{finding}");
        let tables = finding["tables"].as_array().unwrap();
        let names: Vec<_> = tables.iter().filter_map(Value::as_str).collect();
        let single = finding["table"].as_str();
        assert_eq!(single.is_some(), names.len() == 1, "{finding}");
        let place = match names.as_slice() {
            [] => "-".to_owned(),
            names => names.join(" "),
        };
        (place, finding["code"].as_str().unwrap().to_owned())
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
    assert!(said.contains("\n  imports  as usual\n"), "{said}");
    assert!(said.contains("beers: "), "{said}");
    assert!(said.ends_with("  ok\n"), "{said}");
    let output = folder.check(&["beers.wasm", "--offline", "--verbose"]);
    let said = text(&output.stdout);
    let host = "  imports  weld:connector/host@0.1.0\n           requests, pauses,";
    assert!(said.contains(host), "{said}");
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
        ("keeps_a_refusal_to_itself", "call-refused"),
        ("no_key", "no-primary-key"),
        ("other_kinds", "unknown-type"),
        ("odd_times", "unknown-type"),
        ("undeclared", "undeclared-column"),
        ("declared_in_part", "undeclared-column"),
        ("misspelled", "undeclared-column"),
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
    for (text, part) in [
        ("message", "no rule allows https://api.example.com"),
        ("fix", "[network]"),
        ("fix", "faulty.toml"),
    ] {
        assert!(refused[text].as_str().unwrap().contains(part), "{refused}");
    }
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
        ("other_kinds", "unknown-type"),
        ("odd_times", "unknown-type"),
    ]);
    assert_eq!(findings(checked), expected, "{checked:#}");
    assert_eq!(checked["tables"][0]["rows"], Value::Null);
    let output = folder.check(&["faulty.wasm", "--offline", "--strict"]);
    assert_eq!(output.status.code(), Some(1), "warnings are errors");
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
