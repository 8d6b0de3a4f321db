//! `weld-host build`: the tools that it calls for each kind of sources, and the results.
//!
//! Except in one test, the tools are scripts that record their arguments and produce a test guest; the real tools are
//! not tested here. Only the scripts are on the path, so that none of the machine's tools is found instead.

mod compiling;
mod configuration;
mod failures;
mod folders;
mod installing;
mod interruptions;
mod tools;
mod watch;

use super::workshop::Workshop;
use crate::guests;
use std::fs;
use std::path::Path;
use weld_host_tests::process::{Ended, Process};

const CARGO_MANIFEST: &str = "[package]\nname = \"beers\"\nversion = \"0.1.0\"\n";

const NODE_MANIFEST: &str = r#"{"name": "@acme/beers", "scripts": {"build": "x"}}"#;

/// A workshop with a folder `beers` for sources and one for tools. The folder for plugins does not exist yet.
impl Workshop {
    fn new() -> Self {
        let workshop = Self::empty();
        for folder in ["beers", "tools"] {
            fs::create_dir(workshop.at(folder)).expect("the folder can be written");
        }
        workshop
    }

    /// A Rust connector, and a Cargo that produces `component`.
    fn of_rust(component: &str) -> Self {
        let workshop = Self::new().with("beers/Cargo.toml", CARGO_MANIFEST);
        let message = format!(
            r#"{{"reason":"compiler-artifact","manifest_path":"{}","target":{{"kind":["cdylib"]}},"filenames":["{component}"]}}"#,
            workshop.at("beers/Cargo.toml").display()
        );
        workshop
            .with_tool("tools/rustc", "echo /")
            .with_tool("tools/cargo", &format!("echo '{message}'"))
    }

    fn build(&self, arguments: &[&str]) -> Ended {
        self.run("build", arguments)
    }

    /// Whether the plugins folder has a complete copy of this component.
    fn has_installed(&self, component: &str) -> bool {
        let installed = fs::read(self.at("plugins/beers.wasm")).unwrap_or_default();
        installed == fs::read(component).expect("the build script made it")
    }
}

/// A script line that copies a component to the script's last argument.
fn copies(component: &str) -> String {
    format!("for last in \"$@\"; do :; done; cp '{component}' \"$last\"")
}

fn assert_fails(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let line = ended.stderr.last().expect("a word");
    for word in words {
        assert!(line.contains(word), "`{word}` in {line}");
    }
}

#[test]
fn component_that_is_not_a_connector_is_not_installed() {
    let module = Workshop::of_rust("module").with("module.wasm", b"\0asm\x01\0\0\0");
    let path = module.at("module.wasm");
    for (component, words) in [
        (guests::IS_A_COMMAND, "wasi:cli/run"),
        (guests::SPEAKS_ANOTHER_VERSION, "0.2.0"),
        (path.to_str().unwrap(), "a core module"),
    ] {
        let workshop = Workshop::of_rust(component).with("plugins/beers.wasm", "the previous one");
        assert_fails(&workshop.build(&["beers"]), &["is not a connector", words]);
        let before = fs::read(workshop.at("plugins/beers.wasm")).unwrap();
        assert_eq!(before, b"the previous one");
    }
    let script_without_output = Workshop::new()
        .with("beers/package.json", NODE_MANIFEST)
        .with("beers/node_modules/x", "")
        .with_tool("tools/node", "echo v20.1.0")
        .with_tool("tools/npm", "");
    let ended = script_without_output.build(&["beers"]);
    assert_fails(
        &ended,
        &["`npm run build` produced no component", "dist/beers.wasm"],
    );
}

#[test]
fn folder_without_a_connector_is_reported() {
    let workshop = Workshop::new();
    assert_fails(&workshop.build(&["none"]), &["there is no folder none"]);
    assert_fails(
        &workshop.build(&["beers"]),
        &["beers is empty", "weld-host new NAME"],
    );
    let workshop = workshop.with("beers/notes.txt", "");
    assert_fails(
        &workshop.build(&["beers"]),
        &["Cargo.toml", "app.py", "package.json", "*.c"],
    );
    assert_fails(
        &workshop.build(&["beers/notes.txt"]),
        &["beers/notes.txt is a file", "weld-host build beers"],
    );
    // The default is the current folder. The name of the workshop's own folder is not valid for a connector.
    let workshop = workshop.with("app.py", "");
    fs::rename(workshop.at("beers"), workshop.at("No Connector")).unwrap();
    let workshop = workshop.with("No Connector/app.py", "");
    assert_fails(
        &workshop.build(&["No Connector"]),
        &["`No Connector`", "name"],
    );
    let manifest = workshop.with("mute/Cargo.toml", "[workspace]");
    assert_fails(
        &manifest.build(&["mute"]),
        &["mute/Cargo.toml", "workspace"],
    );
}

#[test]
fn folder_with_several_languages_is_refused_until_one_is_named() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE).with("beers/app.py", "");
    assert_fails(
        &workshop.build(&["beers"]),
        &[
            "Cargo.toml (Rust), app.py (Python)",
            "--lang rust or --lang python",
        ],
    );
    assert!(workshop.calls().is_empty());
    let ended = workshop.build(&["beers", "--lang", "rust"]);
    assert!(ended.status.success(), "{ended:?}");
    assert!(workshop.has_installed(guests::ECHOES_STATE));
    assert_fails(
        &workshop.build(&["beers", "--lang", "c"]),
        &["--lang c", "*.c"],
    );
}

#[test]
fn folder_defaults_to_the_current_one() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE);
    let mut command = workshop.command("build", &["--plugins", "../plugins"]);
    let ended = Process::start(command.current_dir(workshop.at("beers"))).wait();
    assert!(ended.status.success(), "{ended:?}");
    assert!(workshop.has_installed(guests::ECHOES_STATE));
}

#[test]
fn configuration_is_copied_but_never_replaces_an_existing_one() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE).with("beers/beers.toml", "# new");
    let config = || fs::read_to_string(workshop.at("plugins/beers.toml")).unwrap();
    let ended = workshop.build(&["beers"]);
    let said = ended.stdout.join("\n");
    assert!(said.contains("installed ./plugins/beers.toml"), "{said}");
    assert_eq!(config(), "# new");
    fs::write(workshop.at("plugins/beers.toml"), "# the operator's").unwrap();
    let ended = workshop.build(&["beers"]);
    assert!(ended.status.success(), "{ended:?}");
    assert!(!ended.stdout.join("\n").contains("beers.toml"), "{ended:?}");
    assert_eq!(config(), "# the operator's");
    let left: Vec<_> = fs::read_dir(workshop.at("plugins")).unwrap().collect();
    assert_eq!(left.len(), 2, "nothing else stays there: {left:?}");
}

/// The only test with the real tool: Cargo, with the same crates as the test guests.
#[test]
fn connector_in_rust_is_built_by_the_real_cargo() {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests");
    let manifest = fs::read_to_string(guests.join("Cargo.toml")).unwrap();
    let (_, settings) = manifest
        .split_once("\n[dependencies]")
        .expect("it has some");
    let guests_target = Path::new(guests::CONFORMS).ancestors().nth(3).unwrap();
    let source = "weld_test_guests::connector!(schema, fetch_page);\n\
        use weld_test_guests::{Error, Page, Table, table};\n\
        fn schema() -> Result<Vec<Table>, Error> { Ok(vec![table(\"rows\", &[\"id\"])]) }\n\
        fn fetch_page(_: String, _: String) -> Result<Page, Error> { Err(Error::UnknownTable) }\n";
    let workshop = Workshop::new()
        .with(
            "beers/Cargo.toml",
            format!(
                "[package]\nname = \"beers\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                 [dependencies]\nweld-test-guests = {{ path = {guests:?} }}{settings}"
            ),
        )
        .with(
            "beers/Cargo.lock",
            fs::read(guests.join("Cargo.lock")).unwrap(),
        )
        .with("beers/src/main.rs", source);
    let mut command = workshop.command("build", &["beers"]);
    for variable in [
        "PATH",
        "HOME",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
    ] {
        if let Some(value) = std::env::var_os(variable) {
            command.env(variable, value);
        }
    }
    command
        .env("CARGO_NET_OFFLINE", "true")
        // The crates are already compiled there.
        .env("CARGO_TARGET_DIR", guests_target);
    let ended = Process::start(&mut command).wait();
    assert!(ended.status.success(), "{ended:?}");
    let built = guests_target.join("wasm32-wasip2/release/beers.wasm");
    assert!(workshop.has_installed(built.to_str().unwrap()));
}
