//! `weld-host build`: which tools it calls for which sources, and what comes of it.
//!
//! But for one test the tools are scripts that tell how they were called and leave a test guest behind: what the real
//! ones do is theirs. They stand alone on the path, so that no tool of the machine is found instead.

use crate::{PROGRAM, guests};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::process::{Ended, Process};
use weld_host_tests::until;

const CARGO_MANIFEST: &str = "[package]\nname = \"beers\"\nversion = \"0.1.0\"\n";
const NODE_MANIFEST: &str = r#"{"name": "@acme/beers", "scripts": {"build": "x"}}"#;

/// A folder `beers` with sources, one with tools, and a third for plugins, which is not there yet.
struct Workshop(TempDir);

impl Workshop {
    fn new() -> Self {
        let workshop = Self(TempDir::new().expect("a temporary folder"));
        for folder in ["beers", "tools"] {
            fs::create_dir(workshop.at(folder)).expect("the folder can be written");
        }
        workshop
    }

    fn at(&self, path: &str) -> PathBuf {
        // As the program tells it: on some systems the temporary folder is a link.
        self.0
            .path()
            .canonicalize()
            .expect("it is there")
            .join(path)
    }

    fn with(self, path: &str, contents: impl AsRef<[u8]>) -> Self {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("it lies in the workshop")).unwrap();
        fs::write(path, contents).expect("the folder can be written");
        self
    }

    /// A script. It tells its arguments first, one call a line, in the file `calls`.
    fn with_tool(self, path: &str, script: &str) -> Self {
        let (name, calls) = (path.rsplit('/').next().unwrap(), self.at("calls"));
        let text = format!(
            "#!/bin/sh\nPATH=/usr/bin:/bin\necho {name} \"$@\" >> '{}'\n{script}\n",
            calls.display()
        );
        let workshop = self.with(path, text);
        fs::set_permissions(workshop.at(path), Permissions::from_mode(0o755)).unwrap();
        workshop
    }

    /// A Rust connector, and a Cargo that makes `component` of it.
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

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .arg("build")
            .args(arguments)
            .env_clear()
            .env("PATH", self.at("tools"))
            .current_dir(self.0.path());
        command
    }

    fn build(&self, arguments: &[&str]) -> Ended {
        Process::start(&mut self.command(arguments)).wait()
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.at("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    /// Whether the plugins folder has this component, whole.
    fn has_installed(&self, component: &str) -> bool {
        let installed = fs::read(self.at("plugins/beers.wasm")).unwrap_or_default();
        installed == fs::read(component).expect("the build script made it")
    }
}

/// A script's line that copies a component to its last argument.
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
fn rust_is_built_by_cargo() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE);
    let ended = workshop.build(&["beers"]);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(
        workshop.calls(),
        [
            "rustc --print target-libdir --target wasm32-wasip2",
            "cargo build --release --target wasm32-wasip2 --message-format=json-render-diagnostics",
        ]
    );
    assert!(workshop.has_installed(guests::ECHOES_STATE));
    let said = ended.stdout.join("\n");
    assert!(
        said.contains(guests::ECHOES_STATE) && said.contains("KiB"),
        "{said}"
    );
    assert!(said.contains("installed ./plugins/beers.wasm"), "{said}");
    let mode = fs::metadata(workshop.at("plugins/beers.wasm"))
        .unwrap()
        .permissions()
        .mode();
    let of_a_new_file = {
        fs::write(workshop.at("new"), "").unwrap();
        fs::metadata(workshop.at("new"))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(
        mode, of_a_new_file,
        "a host that runs as somebody else can read it"
    );
}

#[test]
fn python_is_built_by_componentize_py_of_its_virtual_environment_or_of_the_path() {
    let version = "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit";
    let script = format!(
        "{version}\necho \"packages of $VIRTUAL_ENV\" >> ../calls\n{}",
        copies(guests::ECHOES_STATE)
    );
    for (place, wit, options) in [
        ("tools/componentize-py", "wit", "-d wit -w connector "),
        ("tools/componentize-py", "kit", ""),
        (
            "beers/.venv/bin/componentize-py",
            "wit",
            "-d wit -w connector ",
        ),
    ] {
        let workshop = Workshop::new()
            .with("beers/app.py", "")
            .with(&format!("beers/{wit}/connector.wit"), "")
            .with_tool("tools/componentize-py", "exit 1")
            .with_tool(place, &script);
        let ended = workshop.build(&["beers"]);
        assert!(ended.status.success(), "{place}: {ended:?}");
        let component = workshop.at("beers/dist/beers.wasm");
        let environment = match place.starts_with("beers") {
            true => workshop.at("beers/.venv").display().to_string(),
            false => String::new(),
        };
        assert_eq!(
            workshop.calls(),
            [
                "componentize-py --version".to_owned(),
                format!(
                    "componentize-py {options}componentize app -o {}",
                    component.display()
                ),
                format!("packages of {environment}"),
            ],
            "{place}"
        );
        assert!(workshop.has_installed(guests::ECHOES_STATE), "{place}");
    }
}

#[test]
fn javascript_is_built_by_its_own_script() {
    for output in ["dist/beers.wasm", "beers.wasm"] {
        let script = format!("mkdir -p dist; cp '{}' {output}", guests::ECHOES_STATE);
        let workshop = Workshop::new()
            .with("beers/package.json", NODE_MANIFEST)
            .with("beers/node_modules/x", "")
            .with_tool("tools/node", "echo v20.1.0")
            .with_tool("tools/npm", &script);
        let ended = workshop.build(&["beers"]);
        assert!(ended.status.success(), "{output}: {ended:?}");
        assert_eq!(workshop.calls(), ["node --version", "npm run build"]);
        assert!(workshop.has_installed(guests::ECHOES_STATE), "{output}");
    }
}

#[test]
fn c_is_compiled_by_zig_and_what_is_no_core_module_is_refused() {
    // A component where a core module should be: that step is this program's own.
    let module = guests::ECHOES_STATE;
    let zig = format!(
        "[ \"$1\" = version ] && exit\nwhile [ \"$1\" != -o ]; do shift; done; cp '{module}' \"$2\""
    );
    let workshop = Workshop::new()
        .with("beers/beers.c", "")
        .with("beers/weld/weld.c", "")
        .with("beers/weld/connector_component_type.o", "")
        .with("beers/tests/test.c", "")
        .with_tool("tools/zig", &zig);
    let ended = workshop.build(&["beers"]);
    assert_fails(&ended, &["the module can't be made a component"]);
    let calls = workshop.calls();
    let call = calls.last().expect("zig is called");
    for part in [
        "cc -target wasm32-wasi",
        "-mexec-model=reactor",
        "beers/beers.c",
        "weld/weld.c",
        "weld/connector_component_type.o",
    ] {
        assert!(call.contains(part), "{part} in {call}");
    }
    assert!(!call.contains("tests/"), "{call}");
    assert!(!workshop.at("plugins").exists());
}

#[test]
fn tool_that_is_missing_is_named_with_the_way_to_get_it() {
    for (sources, tools, words) in [
        (
            &[("Cargo.toml", CARGO_MANIFEST)][..],
            &[][..],
            ["rustc is missing", "rustup"],
        ),
        (
            &[("Cargo.toml", CARGO_MANIFEST)],
            &[("rustc", "echo /no/such/folder")],
            [
                "wasm32-wasip2 is missing",
                "rustup target add wasm32-wasip2",
            ],
        ),
        (
            &[("Cargo.toml", CARGO_MANIFEST)],
            &[("rustc", "echo /")],
            ["cargo is missing", "rustup"],
        ),
        (
            &[("app.py", "")],
            &[],
            [
                "componentize-py is missing",
                "pip install 'componentize-py>=",
            ],
        ),
        (
            &[("app.py", ""), ("requirements.txt", "")],
            &[],
            [
                "componentize-py is missing",
                "pip install -r requirements.txt",
            ],
        ),
        (
            &[("package.json", NODE_MANIFEST)],
            &[],
            ["node is missing", "nodejs.org"],
        ),
        (
            &[("package.json", NODE_MANIFEST)],
            &[("node", "echo v22.0.0")],
            ["node_modules is missing", "npm install"],
        ),
        (
            &[("package.json", NODE_MANIFEST), ("package-lock.json", "{}")],
            &[("node", "echo v22.0.0")],
            ["node_modules is missing", "npm ci"],
        ),
        (
            &[("package.json", NODE_MANIFEST), ("node_modules/x", "")],
            &[("node", "echo v22.0.0")],
            ["npm is missing", "nodejs.org"],
        ),
        (
            &[("beers.c", "")],
            &[("python3", "exit 1")],
            ["zig", "ziglang"],
        ),
    ] {
        let workshop = sources
            .iter()
            .fold(Workshop::new(), |workshop, (path, text)| {
                workshop.with(&format!("beers/{path}"), text)
            });
        let workshop = tools.iter().fold(workshop, |workshop, (name, script)| {
            workshop.with_tool(&format!("tools/{name}"), script)
        });
        assert_fails(&workshop.build(&["beers"]), &words);
    }
}

#[test]
fn tool_that_is_too_old_is_told_with_both_versions() {
    let python = Workshop::new()
        .with("beers/app.py", "")
        .with_tool("tools/componentize-py", "echo componentize-py 0.9.3");
    assert_fails(&python.build(&["beers"]), &["0.9.3", "0.25", "pip install"]);
    assert_eq!(python.calls(), ["componentize-py --version"]);
    let javascript = Workshop::new()
        .with("beers/package.json", NODE_MANIFEST)
        .with_tool("tools/node", "echo v18.20.4");
    assert_fails(&javascript.build(&["beers"]), &["18.20.4", "20", "nodejs"]);
}

#[test]
fn tool_that_fails_speaks_for_itself_and_nothing_is_installed() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE).with_tool(
        "tools/cargo",
        "echo 'error[E0308]: mismatched types' >&2; exit 101",
    );
    let ended = workshop.build(&["beers"]);
    assert_fails(&ended, &["`cargo build --release", "101"]);
    assert!(
        ended
            .stderr
            .iter()
            .any(|line| line == "error[E0308]: mismatched types")
    );
    assert!(!workshop.at("plugins").exists());
}

#[test]
fn what_is_no_connector_is_not_installed() {
    let module = Workshop::of_rust("module").with("module.wasm", b"\0asm\x01\0\0\0");
    let path = module.at("module.wasm");
    for (component, words) in [
        (guests::IS_A_COMMAND, "wasi:cli/run"),
        (guests::SPEAKS_ANOTHER_VERSION, "0.2.0"),
        (path.to_str().unwrap(), "a core module"),
    ] {
        let workshop = Workshop::of_rust(component).with("plugins/beers.wasm", "the one before");
        assert_fails(&workshop.build(&["beers"]), &["is no connector", words]);
        let before = fs::read(workshop.at("plugins/beers.wasm")).unwrap();
        assert_eq!(before, b"the one before");
    }
    let script_without_output = Workshop::new()
        .with("beers/package.json", NODE_MANIFEST)
        .with("beers/node_modules/x", "")
        .with_tool("tools/node", "echo v20.1.0")
        .with_tool("tools/npm", "");
    let ended = script_without_output.build(&["beers"]);
    assert_fails(
        &ended,
        &["`npm run build` made no component", "dist/beers.wasm"],
    );
}

#[test]
fn folder_that_holds_no_connector_is_told() {
    let workshop = Workshop::new();
    assert_fails(&workshop.build(&["none"]), &["none is no folder"]);
    assert_fails(
        &workshop.build(&["beers"]),
        &["Cargo.toml", "app.py", "package.json", "*.c"],
    );
    // The folder that it is called in is the default: the workshop's own has no name of a connector.
    let workshop = workshop.with("app.py", "");
    fs::rename(workshop.at("beers"), workshop.at("No Connector")).unwrap();
    let workshop = workshop.with("No Connector/app.py", "");
    assert_fails(
        &workshop.build(&["No Connector"]),
        &["`No Connector`", "name"],
    );
    let manifest = workshop.with("mute/Cargo.toml", "[workspace]");
    assert_fails(&manifest.build(&["mute"]), &["Cargo.toml", "`[package]`"]);
}

#[test]
fn folder_is_the_current_one_where_none_is_named() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE);
    let mut command = workshop.command(&["--plugins", "../plugins"]);
    let ended = Process::start(command.current_dir(workshop.at("beers"))).wait();
    assert!(ended.status.success(), "{ended:?}");
    assert!(workshop.has_installed(guests::ECHOES_STATE));
}

#[test]
fn configuration_goes_along_but_never_over_one_that_is_there() {
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

#[test]
fn watch_builds_again_when_a_source_changes_until_a_signal() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE).with("beers/src/lib.rs", "one");
    let message = fs::read_to_string(workshop.at("tools/cargo")).unwrap();
    // Fails while a source says so.
    let workshop = workshop.with(
        "tools/cargo",
        message.replace(
            "\necho '{",
            "\n! grep -q broken src/lib.rs || exit 101\necho '{",
        ),
    );
    let builds = || {
        workshop
            .calls()
            .iter()
            .filter(|call| call.starts_with("cargo"))
            .count()
    };
    let process = Process::start(&mut workshop.command(&["beers", "--watch"]));
    let waits = |times: usize| {
        process.stdout().wait_until(|lines| {
            lines
                .iter()
                .filter(|line| line.starts_with("watching"))
                .count()
                >= times
        })
    };
    assert!(waits(1));
    assert!(workshop.has_installed(guests::ECHOES_STATE));
    fs::write(workshop.at("beers/src/lib.rs"), "broken").unwrap();
    assert!(waits(2), "it goes on after a failure");
    process.stderr().wait_for_text("failed (exit status: 101)");
    fs::remove_file(workshop.at("plugins/beers.wasm")).unwrap();
    fs::create_dir(workshop.at("beers/src/deep")).unwrap();
    fs::write(workshop.at("beers/src/lib.rs"), "mended").unwrap();
    until("the component is there again", || {
        workshop.has_installed(guests::ECHOES_STATE)
    });
    assert!(waits(3));
    assert!(builds() >= 3, "{:?}", workshop.calls());
    process.signal(rustix::process::Signal::INT);
    assert!(process.wait().status.success());
}

#[test]
fn signal_ends_a_build() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE)
        // In place of the shell, so that there is no child of a child.
        .with_tool("tools/cargo", "echo $$ >> ../calls; exec sleep 600");
    let process = Process::start(&mut workshop.command(&["beers"]));
    until("the tool runs", || workshop.calls().len() == 3);
    let tool = workshop.calls().pop().expect("its number");
    process.signal(rustix::process::Signal::TERM);
    let ended = process.wait();
    assert_fails(&ended, &["stopped by a signal"]);
    until("the tool is gone, but for who asks how it ended", || {
        let state = fs::read_to_string(format!("/proc/{tool}/stat")).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    });
}

/// The one test with the real tool: Cargo, with the crates that the test guests are built with.
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
    let mut command = workshop.command(&["beers"]);
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
        // Where the crates are compiled already.
        .env("CARGO_TARGET_DIR", guests_target);
    let ended = Process::start(&mut command).wait();
    assert!(ended.status.success(), "{ended:?}");
    let built = guests_target.join("wasm32-wasip2/release/beers.wasm");
    assert!(workshop.has_installed(built.to_str().unwrap()));
}
