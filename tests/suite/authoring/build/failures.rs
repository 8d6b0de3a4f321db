//! A failed build shows its cause in one screen, with nothing of the tool's own insides, and installs nothing.

use super::super::workshop::Workshop;
use super::{CARGO_MANIFEST, NODE_MANIFEST};
use crate::guests;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use weld_host_tests::process::Ended;

/// The rows of a screen.
const SCREEN: usize = 24;

/// Builds and requires that it fails, with `cause` as the last line. Returns stderr.
fn fails(workshop: &Workshop, cause: &str) -> String {
    let ended: Ended = workshop.build(&["beers"]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let last = ended.stderr.last().expect("a word");
    assert!(
        last.starts_with(&format!("weld-host: {cause}")),
        "`{cause}` at the beginning of: {last}"
    );
    assert!(ended.stderr.len() <= SCREEN, "{ended:?}");
    assert!(!workshop.at("plugins").exists());
    ended.stderr.join("\n")
}

/// The machine's Python, with which the sources are checked before the tool runs.
fn machines_python() -> Option<PathBuf> {
    // The command may be a script that only finds Python on the whole path.
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    path.is_file().then_some(path)
}

/// A connector whose componentize-py prints `stderr` and fails. With `reads_sources`, Python is there too.
fn python(app: &str, stderr: &str, reads_sources: bool) -> Workshop {
    let workshop = Workshop::new()
        .with("beers/app.py", app)
        .with("stderr", stderr)
        .with_tool(
            "tools/componentize-py",
            "[ \"$1\" = --version ] && echo componentize-py 0.25.1 && exit\ncat ../stderr >&2; exit 1",
        );
    if reads_sources && let Some(python) = machines_python() {
        std::os::unix::fs::symlink(python, workshop.at("tools/python3")).unwrap();
    }
    workshop
}

fn has_built(workshop: &Workshop) -> bool {
    workshop
        .calls()
        .iter()
        .any(|call| call.contains("componentize app"))
}

#[test]
fn mistakes_in_python_sources_are_found_before_the_tool_runs() {
    if machines_python().is_none() {
        return;
    }
    let good = "from weld_connector import Connector, export\nclass Shop(Connector):\n    def schema(self): return []\n    \
                def fetch_page(self, table, state): pass\nSource = export(Shop)\n";
    for (first, cause) in [
        ("import json\nx = = 1", "app.py:2: SyntaxError: "),
        ("def f():\nreturn 1", "app.py:2: IndentationError: "),
        (
            "return 1",
            "app.py:1: SyntaxError: 'return' outside function",
        ),
        ("import helpers", "helpers.py:2: SyntaxError: "),
        (
            "import json\nimport nosuch.thing",
            "app.py:2: no module named nosuch: there is no nosuch.py in beers/; correct the name, or, if it is a package, \
             add it to requirements.txt and run weld-host build beers --install",
        ),
        (
            "import helper",
            "app.py:1: no module named helper: there is no helper.py in beers/; did you mean `helpers`? If it is a",
        ),
        (
            "import jsno",
            "app.py:1: no module named jsno: there is no jsno.py in beers/; did you mean `json`? If it is a package",
        ),
        (
            "import polars.io",
            "app.py:1: import polars.io: polars has C code; a component takes pure Python only; remove it from \
             requirements.txt",
        ),
        (
            "from numpy import array",
            "app.py:1: from numpy import array: numpy has C code; a component takes pure Python only",
        ),
        (
            "from listed import x",
            "app.py:1: listed, which requirements.txt names, is not installed; run weld-host build beers --install",
        ),
        (
            "import native",
            "app.py:1: import native: native has C code; a component takes pure Python only",
        ),
        (
            "from wrapper import x",
            "wrapper/inner.py:1: import native: native has C code",
        ),
        (
            "import ssl",
            "app.py:1: import ssl: a component has no module ssl: ",
        ),
        (
            "import sys\nsys.exit(3)",
            "app.py:2: sys.exit() ends the build",
        ),
    ] {
        let workshop = python(&format!("{first}\n{good}"), "", true)
            .with("beers/helpers.py", "\ndef f(x:\n")
            .with("beers/native.cpython-314-x86_64-linux-gnu.so", "")
            .with("beers/wrapper/__init__.py", "from . import inner")
            .with("beers/wrapper/inner.py", "import native")
            .with(
                "beers/requirements.txt",
                "componentize-py==0.25.1\nListed>=1\npolars\n",
            );
        fails(&workshop, cause);
        assert!(!has_built(&workshop), "{first}");
    }
    for (app, cause) in [
        ("x = 1\n", "app.py: there is no `Source`: end it with"),
        (
            "from weld_connector import Connector, export\nclass Shop(Connector):\n    def schema(self): return []\nSource = export(Shop)\n",
            "app.py:2: class Shop has no method fetch_page",
        ),
        (
            "class Source:\n    def fetch_page(self, table, state): pass\n",
            "app.py:1: class Source has no method schema",
        ),
    ] {
        let workshop = python(app, "", true);
        fails(&workshop, cause);
        assert!(!has_built(&workshop), "{app}");
    }
}

#[test]
fn python_sources_that_only_the_component_can_judge_reach_the_tool() {
    let source = "class Source:\n    def schema(self): return []\n    def fetch_page(self, table, state): pass\n";
    for first in [
        "try:\n    import nosuch\nexcept ImportError:\n    nosuch = None",
        "import sys\nsys.path.insert(0, 'lib')\nimport nosuch",
        "if False:\n    import native",
        "def f():\n    import nosuch",
        "import wit_world, componentize_py_types, weld_connector",
        "type Id = int\ndef first[T](rows: list[T]) -> T: return rows[0]",
        "name = f'{'nested'}'",
        "",
    ] {
        let workshop = python(&format!("{first}\n{source}"), "of the tool", true)
            .with("beers/native.cpython-314-x86_64-linux-gnu.so", "");
        fails(&workshop, "`componentize-py componentize app");
        assert!(has_built(&workshop), "{first}");
    }
    for app in ["globals()['Source'] = 1\n", "from helpers import *\n"] {
        let workshop = python(app, "of the tool", true).with("beers/helpers.py", "");
        fails(&workshop, "`componentize-py componentize app");
    }
}

#[test]
fn failures_of_componentize_py_lose_its_backtrace() {
    let backtrace = "   0: <anyhow::Error>::msg::<alloc::string::String>\n".repeat(50);
    let stderr = format!(
        "Traceback (most recent call last):\n  File \"/x/bin/componentize-py\", line 8, in <module>\n    sys.exit(script())\n\
         AssertionError: Traceback (most recent call last):\n  File \"/0/app.py\", line 3, in <module>\n    print(rates[\"a\"])\n\
         KeyError: 'a'\n\n\nCaused by:\n    KeyError: 'a'\n\nStack backtrace:\n{backtrace}"
    );
    let said = fails(&python("", &stderr, false), "app.py:3: KeyError: 'a'; ");
    assert!(
        said.contains(
            "  File \"app.py\", line 3, in <module>\n    print(rates[\"a\"])\nKeyError: 'a'"
        ),
        "{said}"
    );
    for own in ["anyhow", "script()", "/0/", "Caused by"] {
        assert!(!said.contains(own), "`{own}` in {said}");
    }
}

#[test]
fn failures_of_scripts_of_npm_lose_the_words_of_npm() {
    let workshop = |script: &str| {
        Workshop::new()
            .with("beers/package.json", NODE_MANIFEST)
            .with("beers/node_modules/x", "")
            .with_tool("tools/node", "echo v20.1.0")
            .with_tool(
                "tools/npm",
                &format!("printf '\\n> beers@1.0.0 build\\n> x\\n\\n'\n{script}"),
            )
    };
    let said = fails(
        &workshop(
            "printf 'connector.js:2:1: no\\nweld-connector: connector.js:2: no\\n' >&2\n\
             for n in 1 2 3 4 5 6; do echo npm error code 1 >&2; done; exit 1",
        ),
        "connector.js:2: no",
    );
    assert!(said.contains("connector.js:2:1: no\n"), "{said}");
    for own in ["npm error", "> x", "weld-connector"] {
        assert!(!said.contains(own), "`{own}` in {said}");
    }
    let said = fails(
        &workshop("echo 'connector.ts(3,7): error TS2322'; echo npm error code 2 >&2; exit 2"),
        "`npm run build` failed (exit status: 2)",
    );
    assert!(said.contains("connector.ts(3,7): error TS2322\n"), "{said}");
}

#[test]
fn failures_of_cargo_and_zig_name_the_first_error() {
    let error = "error[E0308]: mismatched types\n  --> src/lib.rs:3:5\n\n";
    let workshop = Workshop::of_rust(guests::ECHOES_STATE)
        .with(
            "stderr",
            format!("   Compiling beers v0.1.0\n{}", error.repeat(30)),
        )
        .with_tool("tools/cargo", "cat ../stderr >&2; exit 101");
    let said = fails(
        &workshop,
        "src/lib.rs:3: error[E0308]: mismatched types; 29 more: run `cargo check --target wasm32-wasip2 --manifest-path beers/Cargo.toml` to see all",
    );
    assert!(
        said.contains("   Compiling beers v0.1.0\nerror[E0308]"),
        "{said}"
    );

    let zig = Workshop::new().with("beers/beers.c", "").with_tool(
        "tools/zig",
        "[ \"$1\" = version ] && exit\ncat ../stderr >&2; exit 1",
    );
    let path = zig.at("beers/beers.c");
    let zig = zig.with(
        "stderr",
        format!(
            "{}:4:1: error: expected ';'\n1 error generated.\n",
            path.display()
        ),
    );
    let said = fails(&zig, "beers.c:4: expected ';'");
    assert!(said.contains("beers.c:4:1: error: expected ';'"), "{said}");
    assert!(!said.contains("generated"), "{said}");
}

#[test]
fn warnings_of_a_build_that_succeeds_are_shown() {
    let workshop = Workshop::of_rust(guests::ECHOES_STATE).with("beers/Cargo.toml", CARGO_MANIFEST);
    let cargo = fs::read_to_string(workshop.at("tools/cargo")).unwrap();
    let workshop = workshop.with(
        "tools/cargo",
        format!("{cargo}\necho 'warning: unused variable' >&2"),
    );
    let ended = workshop.build(&["beers"]);
    assert!(ended.status.success(), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains(&"warning: unused variable".to_owned()),
        "{ended:?}"
    );
}
