//! `weld-host adapt` of functions in Python: the folder that it creates, the tools that it calls, and its output.
//!
//! The tools are scripts, as in the tests of `build`. `kit/python/tests` covers the results of the source scan, and
//! how a function is served.

use super::workshop::Workshop;
use crate::guests;
use std::fs;
use weld_host_tests::process::Ended;

const FOUND: &str = r#"{"found": {"module": "main", "entry": "handler(req) in main.py", "key_variable": "WELD_KEY",
    "variables": [{"name": "TOKEN", "place": "main.py:3", "has_default": false}],
    "hosts": [{"origin": "https://api.example.com", "place": "main.py:9"}],
    "not_literal": ["main.py:5: os.environ[name]"], "packages": PACKAGES, "needs_packages": NEEDS,
    "hints": ["a hint"], "notes": ["a note"]}}"#;

/// A workshop with a folder `code` that contains a function. The script is Python's answer to the scan; it may use
/// its arguments.
fn desk(python: &str) -> Workshop {
    let componentize = format!(
        "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit\n\
         for last in \"$@\"; do :; done; cp '{}' \"$last\"",
        guests::ECHOES_STATE
    );
    Workshop::empty()
        .with("code/main.py", "def handler(req): ...\r\n")
        .with("code/data/zones.csv", "a,b\n")
        .with("code/.env", "TOKEN=secret")
        .with_tool("tools/python3", python)
        .with_tool("tools/componentize-py", &componentize)
}

/// A workshop with a Python whose scan finds [`FOUND`], with or without packages to install.
fn desk_with_findings(needs_packages: bool) -> Workshop {
    let scanned = FOUND
        .replace("PACKAGES", "[]")
        .replace("NEEDS", &needs_packages.to_string());
    let installed = FOUND
        .replace("PACKAGES", "[\"pytz 2026.6\"]")
        .replace("NEEDS", "true");
    let answer = |text: &str| format!("cat <<'END'\n{text}\nEND\n");
    desk(&format!(
        "if [ \"$3\" = install ]; then {}else {}fi",
        answer(&installed),
        answer(&scanned)
    ))
}

fn assert_refused(ended: &Ended, words: &str) {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let line = ended.stderr.last().expect("a word");
    assert!(line.contains(words), "`{words}` in {line}");
}

#[test]
fn function_becomes_a_plugin_with_its_files_unchanged() {
    let desk = desk_with_findings(false);
    let ended = desk.run(
        "adapt",
        &["code", "-o", "made/shop", "--plugins", "plugins"],
    );
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(
        desk.calls(),
        [
            "python3 -m weld_adapt.tools scan function main.py",
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
        "TOKEN = { env = \"TOKEN\" }    # main.py:3",
        "    \"https://api.example.com\",    # main.py:9",
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
        "not found main.py:5: os.environ[name]",
        "note      a note",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn flags_reach_the_scan_and_packages_are_installed_after_the_tools() {
    let desk = desk_with_findings(true);
    let ended = desk.run(
        "adapt",
        &[
            "code/main.py",
            "--name",
            "shop",
            "--entry",
            "go",
            "--key-variable",
            "K",
            "--stand-in",
            "pandas",
        ],
    );
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
fn tools_are_installed_into_the_folder_if_the_machine_has_none() {
    let desk = desk_with_findings(true);
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
    let ended = desk.run("adapt", &["code", "-o", "shop", "--plugins", "plugins"]);
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
fn refusal_by_the_scan_is_one_line_and_leaves_nothing_behind() {
    let desk = desk("echo '{\"refused\": \"main.py:3: import ssl: no\"}'");
    let ended = desk.run("adapt", &["code", "-o", "shop"]);
    assert_refused(&ended, "main.py:3: import ssl: no");
    assert_eq!(ended.stderr.len(), 1, "{ended:?}");
    assert!(!desk.at("shop").exists());
    assert_eq!(desk.calls().len(), 1, "nothing is built");
}

#[test]
fn failure_of_the_build_is_one_line_too() {
    let desk = desk_with_findings(false);
    desk.tool(
        "tools/componentize-py",
        "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit\n\
         printf 'AssertionError: Traceback:\\nweld_adapt.tools.refusal.NotServed: main.py:3: import x: no\\n\\n\
         Stack backtrace:\\n  0: anyhow\\n' >&2; exit 1",
    );
    let ended = desk.run("adapt", &["code", "-o", "shop"]);
    assert_refused(&ended, "main.py:3: import x: no");
    assert!(!ended.stderr.join("\n").contains("anyhow"), "{ended:?}");
}

#[test]
fn second_run_takes_the_changed_function_and_keeps_the_settings() {
    let desk = desk_with_findings(false);
    assert!(
        desk.run("adapt", &["code", "-o", "shop", "--plugins", "plugins"])
            .status
            .success()
    );
    desk.write("shop/shop.toml", "# mine");
    desk.write("plugins/shop.toml", "# the operator's");
    desk.write("code/main.py", "changed");
    let ended = desk.run("adapt", &["code", "-o", "shop", "--plugins", "plugins"]);
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!(desk.read("shop/function/main.py"), "changed");
    assert_eq!(desk.read("shop/shop.toml"), "# mine");
    assert_eq!(desk.read("plugins/shop.toml"), "# the operator's");
    let said = ended.stdout.join("\n");
    assert!(
        said.contains("settings  shop.toml already existed"),
        "{said}"
    );
}

#[test]
fn unusable_source_or_target_is_refused_before_any_tool_is_called() {
    let desk = desk_with_findings(false);
    desk.write("mine/notes.txt", "mine");
    desk.write("empty/notes.txt", "");
    desk.write("Schema/main.py", "");
    for number in 0..1001 {
        desk.write(&format!("many/{number}.csv"), "");
    }
    desk.write("many/main.py", "");
    desk.write("linked/main.py", "");
    desk.write("script/index.js", "exports.handler = () => {};");
    std::os::unix::fs::symlink("/etc/hostname", desk.at("linked/key")).unwrap();
    for (arguments, words) in [
        (&["gone"][..], "gone is neither a file nor a folder"),
        (
            &["empty"],
            "empty contains no main.py, lambda_function.py, app.py, index.js, index.mjs or index.ts",
        ),
        (&["empty/notes.txt"], "neither Python (.py) nor JavaScript"),
        (
            &["code", "-o", "mine"],
            "already exists and is not the folder of an adapted function",
        ),
        (
            &["code", "-o", "shop", "--name", "beers"],
            "-o shop and --name beers give the connector different names",
        ),
        (&["Schema"], "give one with --name"),
        (
            &["code"],
            "would be code, inside the function's own folder code; choose another place with -o",
        ),
        (
            &["code", "-o", "shop", "--key-variable", "bad var"],
            "`bad var` is not the name of a variable",
        ),
        (
            &["code", "-o", "shop", "--key-variable", ""],
            "`` is not the name of a variable",
        ),
        (&["code", "-o", "shop", "--entry", ""], "--entry is empty"),
        (
            &["script", "-o", "shop", "--stand-in", "pandas"],
            "works only for functions in Python, and index.js is in JavaScript",
        ),
        (&["many", "-o", "shop"], "more than 1000 files"),
        (&["linked", "-o", "shop"], "key is a link"),
    ] {
        let ended = desk.run("adapt", arguments);
        assert_refused(&ended, words);
        assert_eq!(ended.stderr.len(), 1, "{ended:?}");
        assert!(!desk.at("shop").exists(), "{arguments:?}");
    }
    assert_eq!(desk.calls(), [""; 0]);
}
