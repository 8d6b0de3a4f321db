//! `weld-host adapt` of functions in Python: the folder that it makes, which tools it calls, and what it says.
//!
//! The tools are scripts, as in the tests of `build`. What the scan of a source finds, and how a function is served, is the
//! subject of `kit/python/tests`.

use crate::{PROGRAM, guests};
use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;
use weld_host_tests::process::{Ended, Process};

const FOUND: &str = r#"{"found": {"module": "main", "entry": "handler(req) in main.py", "key_variable": "WELD_KEY",
    "variables": [{"name": "TOKEN", "place": "main.py, line 3", "has_default": false}],
    "hosts": [{"origin": "https://api.example.com", "place": "main.py, line 9"}],
    "not_literal": ["main.py, line 5: os.environ[name]"], "packages": PACKAGES, "needs_packages": NEEDS,
    "hints": ["a hint"], "notes": ["a note"]}}"#;

/// A folder `code` with a function, and one with tools.
struct Desk(TempDir);

impl Desk {
    /// The script is Python's answer to the scan; it may use its arguments.
    fn new(python: &str) -> Self {
        let desk = Self(TempDir::new().expect("a temporary folder"));
        desk.write("code/main.py", "def handler(req): ...\r\n");
        desk.write("code/data/zones.csv", "a,b\n");
        desk.write("code/.env", "TOKEN=secret");
        desk.tool("tools/python3", python);
        desk.tool(
            "tools/componentize-py",
            &format!(
                "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit\n\
                 for last in \"$@\"; do :; done; cp '{}' \"$last\"",
                guests::ECHOES_STATE
            ),
        );
        desk
    }

    /// Python whose scan finds [`FOUND`], with packages to install or not.
    fn with_findings(needs_packages: bool) -> Self {
        let scanned = FOUND
            .replace("PACKAGES", "[]")
            .replace("NEEDS", &needs_packages.to_string());
        let installed = FOUND
            .replace("PACKAGES", "[\"pytz 2026.6\"]")
            .replace("NEEDS", "true");
        let answer = |text: &str| format!("cat <<'END'\n{text}\nEND\n");
        Self::new(&format!(
            "if [ \"$3\" = install ]; then {}else {}fi",
            answer(&installed),
            answer(&scanned)
        ))
    }

    fn at(&self, path: &str) -> PathBuf {
        let folder = self.0.path().canonicalize().expect("it is there");
        folder.join(path)
    }

    fn write(&self, path: &str, contents: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("it is on the desk")).unwrap();
        fs::write(path, contents).expect("the desk can be written to");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn tool(&self, path: &str, script: &str) {
        let (name, calls) = (path.rsplit('/').next().unwrap(), self.at("calls"));
        self.write(
            path,
            &format!(
                "#!/bin/sh\nPATH=/usr/bin:/bin\necho {name} \"$@\" >> '{}'\n{script}\n",
                calls.display()
            ),
        );
        fs::set_permissions(self.at(path), Permissions::from_mode(0o755)).unwrap();
    }

    fn adapt(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(PROGRAM);
        command
            .arg("adapt")
            .args(arguments)
            .env_clear()
            .env("PATH", self.at("tools"))
            .current_dir(self.0.path());
        Process::start(&mut command).wait()
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.at("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }
}

fn assert_refused(ended: &Ended, words: &str) {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let line = ended.stderr.last().expect("a word");
    assert!(line.contains(words), "`{words}` in {line}");
}

#[test]
fn a_function_becomes_a_plugin_with_its_files_as_they_are() {
    let desk = Desk::with_findings(false);
    let ended = desk.adapt(&["code", "-o", "made/shop", "--plugins", "plugins"]);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(
        desk.calls(),
        [
            "python3 -m weld_adapt.tools scan function main.py",
            "componentize-py --version",
            "componentize-py --version",
            &format!(
                "componentize-py componentize app -o {}",
                desk.at("made/shop/dist/shop.wasm").display()
            ),
        ]
    );
    for file in ["main.py", "data/zones.csv"] {
        assert_eq!(
            desk.read(&format!("made/shop/function/{file}")),
            desk.read(&format!("code/{file}"))
        );
    }
    assert!(!desk.at("made/shop/function/.env").exists());
    for file in [
        ".gitignore",
        "README.md",
        "requirements.txt",
        "weld_adapt/__init__.py",
        "weld_connector/wit/connector.wit",
    ] {
        assert!(!desk.read(&format!("made/shop/{file}")).contains("{{name}}"));
    }
    let app = desk.read("made/shop/app.py");
    assert!(
        app.ends_with("Source = weld_adapt.export(\"main\", key_variable=\"WELD_KEY\")\n"),
        "{app}"
    );
    let settings = desk.read("plugins/shop.toml");
    assert_eq!(settings, desk.read("made/shop/shop.toml"));
    for line in [
        "TOKEN = { env = \"TOKEN\" }    # main.py, line 3",
        "    \"https://api.example.com\",    # main.py, line 9",
        "# a hint",
    ] {
        assert!(settings.contains(line), "{line}: {settings}");
    }
    let installed = fs::read(desk.at("plugins/shop.wasm")).unwrap();
    assert_eq!(installed, fs::read(guests::ECHOES_STATE).unwrap());
    let said = ended.stdout.join("\n");
    for words in [
        "installed plugins/shop.wasm",
        "entry     handler(req) in main.py",
        "tables    rows",
        "variables TOKEN",
        "hosts     https://api.example.com",
        "not found main.py, line 5: os.environ[name]",
        "note      a note",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn flags_reach_the_scan_and_packages_are_installed_once_the_tools_are_there() {
    let desk = Desk::with_findings(true);
    let ended = desk.adapt(&[
        "code/main.py",
        "--name",
        "shop",
        "--entry",
        "go",
        "--key-variable",
        "K",
        "--stand-in",
        "pandas",
    ]);
    assert!(ended.status.success(), "{ended:?}");
    let question = "function main.py --entry go --key-variable K --stand-in pandas";
    let calls = desk.calls();
    assert_eq!(
        calls[0],
        format!("python3 -m weld_adapt.tools scan {question}")
    );
    assert_eq!(
        calls[2],
        format!("python3 -m weld_adapt.tools install {question}")
    );
    let said = ended.stdout.join("\n");
    assert!(said.contains("packages  pytz 2026.6"), "{said}");
    assert!(
        said.contains("weld-host build"),
        "how to install it: {said}"
    );
    let app = desk.read("shop/app.py");
    assert!(
        app.contains("entry=\"go\"") && app.contains("stand_ins=(\"pandas\",)"),
        "{app}"
    );
    assert!(!desk.at("plugins").exists());
}

#[test]
fn tools_are_got_into_the_folder_where_the_machine_has_none() {
    let desk = Desk::with_findings(true);
    let script = desk.read("tools/python3").replace(
        "PATH=/usr/bin:/bin\n",
        &format!(
            "PATH=/usr/bin:/bin\n\
             if [ \"$2\" = venv ]; then mkdir -p .venv/bin; cp '{0}/python3' .venv/bin/python; fi\n\
             if [ \"$2\" = pip ]; then cp '{0}/componentize' .venv/bin/componentize-py; fi\n",
            desk.at("tools").display()
        ),
    );
    desk.write("tools/python3", &script);
    fs::rename(
        desk.at("tools/componentize-py"),
        desk.at("tools/componentize"),
    )
    .unwrap();
    let ended = desk.adapt(&["code", "-o", "shop", "--plugins", "plugins"]);
    assert!(ended.status.success(), "{ended:?}");
    let said = ended.stderr.join("\n");
    for command in [
        "$ python3 -m venv .venv",
        "$ .venv/bin/python -m pip --disable-pip-version-check install --quiet -r requirements.txt",
        "$ .venv/bin/python -m weld_adapt.tools install function main.py",
        "$ .venv/bin/componentize-py componentize app -o dist/shop.wasm",
    ] {
        assert!(said.contains(command), "{command}: {said}");
    }
}

#[test]
fn what_the_scan_refuses_is_one_line_and_leaves_nothing_behind() {
    let desk = Desk::new("echo '{\"refused\": \"main.py, line 3: import ssl: no\"}'");
    let ended = desk.adapt(&["code", "-o", "shop"]);
    assert_refused(&ended, "main.py, line 3: import ssl: no");
    assert_eq!(ended.stderr.len(), 1, "{ended:?}");
    assert!(!desk.at("shop").exists());
    assert_eq!(desk.calls().len(), 1, "nothing is built");
}

#[test]
fn what_only_the_build_finds_is_one_line_too() {
    let desk = Desk::with_findings(false);
    desk.tool(
        "tools/componentize-py",
        "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit\n\
         printf 'AssertionError: Traceback:\\nweld_adapt.tools.refusal.NotServed: main.py, line 3: import x: no\\n\\n\
         Stack backtrace:\\n  0: anyhow\\n' >&2; exit 1",
    );
    let ended = desk.adapt(&["code", "-o", "shop"]);
    assert_refused(&ended, "main.py, line 3: import x: no");
    assert!(!ended.stderr.join("\n").contains("anyhow"), "{ended:?}");
}

#[test]
fn a_second_run_takes_the_changed_function_and_leaves_the_settings() {
    let desk = Desk::with_findings(false);
    assert!(
        desk.adapt(&["code", "-o", "shop", "--plugins", "plugins"])
            .status
            .success()
    );
    desk.write("shop/shop.toml", "# mine");
    desk.write("plugins/shop.toml", "# the operator's");
    desk.write("code/main.py", "changed");
    let ended = desk.adapt(&["code", "-o", "shop", "--plugins", "plugins"]);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(desk.read("shop/function/main.py"), "changed");
    assert_eq!(desk.read("shop/shop.toml"), "# mine");
    assert_eq!(desk.read("plugins/shop.toml"), "# the operator's");
    let said = ended.stdout.join("\n");
    assert!(said.contains("settings  shop.toml was there"), "{said}");
}

#[test]
fn what_is_no_function_or_in_the_way_is_refused_before_any_tool_is_called() {
    let desk = Desk::with_findings(false);
    desk.write("mine/notes.txt", "mine");
    desk.write("empty/notes.txt", "");
    desk.write("Schema/main.py", "");
    for number in 0..1001 {
        desk.write(&format!("many/{number}.csv"), "");
    }
    desk.write("many/main.py", "");
    desk.write("linked/main.py", "");
    std::os::unix::fs::symlink("/etc/hostname", desk.at("linked/key")).unwrap();
    for (arguments, words) in [
        (&["gone"][..], "gone is neither a file nor a folder"),
        (&["empty"], "empty holds no function"),
        (&["empty/notes.txt"], "neither Python (.py) nor JavaScript"),
        (
            &["code", "-o", "mine"],
            "exists already, and is not the folder of an adapted function",
        ),
        (
            &["code", "-o", "shop", "--name", "beers"],
            "give one of both",
        ),
        (&["Schema"], "give one with --name"),
        (&["many", "-o", "shop"], "more than 1000 files"),
        (&["linked", "-o", "shop"], "key is a link"),
    ] {
        let ended = desk.adapt(arguments);
        assert_refused(&ended, words);
        assert_eq!(ended.stderr.len(), 1, "{ended:?}");
        assert!(!desk.at("shop").exists(), "{arguments:?}");
    }
    assert_eq!(desk.calls(), [""; 0]);
}
