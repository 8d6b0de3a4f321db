//! `build --install`: what a connector needs is installed, and what can't be is reported.

use super::super::workshop::Workshop;
use super::{CARGO_MANIFEST, NODE_MANIFEST, assert_fails, copies};
use crate::guests;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use weld_host_tests::process::{Ended, Process};
use weld_host_tests::terminal::Terminal;

/// A Python that creates environments. Their pip installs a componentize-py that works.
fn of_python(pip: &str) -> Workshop {
    let workshop = Workshop::new()
        .with("beers/app.py", "")
        .with("beers/requirements.txt", "componentize-py==0.25.1\n")
        .with_tool("made/componentize-py", &copies(guests::ECHOES_STATE));
    let packages = ".venv/lib/python3.11/site-packages";
    let made = workshop.at("made").display().to_string();
    let python = format!(
        "case \"$*\" in\n\
         --version) echo Python 3.11.7;;\n\
         -c*) ;;\n\
         '-m venv .venv') mkdir -p .venv/bin {packages}/pip-24.0.dist-info; cp {made}/python .venv/bin/python;;\n\
         *) exit 1;;\n\
         esac"
    );
    let installs = format!(
        "{pip}\nmkdir -p {packages}/componentize_py-0.25.1.dist-info; cp {made}/componentize-py .venv/bin/"
    );
    workshop
        .with_tool("tools/python3", &python)
        .with_tool("made/python", &installs)
}

/// Runs the last line of an error, which works as printed.
fn run_as_printed(workshop: &Workshop, ended: &Ended) -> Ended {
    let line = ended.stderr.last().expect("a line");
    let words: Vec<_> = line.split(' ').collect();
    let ["weld-host", command, arguments @ ..] = &words[..] else {
        panic!("not a command: {line}");
    };
    workshop.run(command, arguments)
}

#[test]
fn python_packages_are_installed_into_the_folders_own_environment() {
    let workshop = of_python("");
    let ended = workshop.build(&["beers"]);
    assert_fails(&ended, &["weld-host build beers --install"]);
    let said = ended.stderr.join("\n");
    assert!(
        said.contains("beers needs its Python packages (.venv does not exist)"),
        "{said}"
    );
    let ended = run_as_printed(&workshop, &ended);
    assert!(ended.status.success(), "{ended:?}");
    let commands: Vec<_> = ended
        .stderr
        .iter()
        .filter(|line| line.starts_with("$ "))
        .collect();
    assert_eq!(
        commands,
        [
            "$ python3 -m venv .venv",
            "$ .venv/bin/python -m pip --disable-pip-version-check install --quiet -r requirements.txt",
            "$ .venv/bin/componentize-py componentize app -o dist/beers.wasm",
        ]
    );
    assert!(workshop.has_installed(guests::ECHOES_STATE));
    assert!(workshop.build(&["beers"]).status.success(), "all is there");

    // Another package, and another version.
    for (requirements, words) in [
        ("componentize-py==0.25.1\norjson\n", "lacks orjson"),
        (
            "componentize-py>=0.26\n",
            "lacks componentize-py>=0.26 (installed: 0.25.1)",
        ),
    ] {
        workshop.write("beers/requirements.txt", requirements);
        let ended = workshop.build(&["beers"]);
        assert_fails(&ended, &["weld-host build beers --install"]);
        let said = ended.stderr.join("\n");
        assert!(said.contains(words), "{words} in {said}");
    }
    workshop.write("beers/requirements.txt", "componentize-py==0.25.1\n");
    assert!(workshop.build(&["beers"]).status.success());
}

#[test]
fn incomplete_environment_does_not_hinder_the_next_installation() {
    let broken = "echo 'ERROR: No matching distribution found for componentize-py' >&2; exit 1";
    let workshop = of_python(broken);
    let ended = workshop.build(&["beers", "--install"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended
            .stderr
            .iter()
            .any(|line| line.contains("No matching distribution")),
        "{ended:?}"
    );
    let ended = workshop.build(&["beers"]);
    let said = ended.stderr.join("\n");
    assert!(said.contains(".venv is incomplete"), "{said}");
    let script = workshop.read("made/python").replace(broken, "");
    workshop.write("made/python", script);
    let ended = run_as_printed(&workshop, &ended);
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stderr.iter().any(|line| line == "$ rm -r .venv"));

    // As after an update of the system: the environment's Python is gone.
    fs::remove_file(workshop.at("beers/.venv/bin/python")).unwrap();
    fs::remove_file(workshop.at("beers/.venv/bin/componentize-py")).unwrap();
    symlink("/no/such/python", workshop.at("beers/.venv/bin/python")).unwrap();
    let ended = workshop.build(&["beers", "--install"]);
    assert!(ended.status.success(), "{ended:?}");
}

/// With the real Python and its pip.
#[test]
fn unreachable_package_index_is_explained_on_one_screen() {
    let workshop = Workshop::new()
        .with("beers/app.py", "")
        .with("beers/requirements.txt", "componentize-py==0.25.1\n");
    let mut command = workshop.command("build", &["beers", "--install"]);
    command
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", workshop.at("."))
        .env("PIP_INDEX_URL", "http://127.0.0.1:9")
        .env("PIP_RETRIES", "1")
        .env("PIP_CONFIG_FILE", "/dev/null");
    let ended = Process::start(&mut command).wait();
    assert_fails(&ended, &["HTTPS_PROXY", "PIP_INDEX_URL"]);
    let said = ended.stderr.join("\n");
    assert!(
        said.contains("http://127.0.0.1:9 (PIP_INDEX_URL) refused the connection")
            && !said.contains("0x"),
        "{said}"
    );
    assert!(said.len() < 24 * 80, "{said}");
    assert!(!workshop.at("plugins").exists());
}

#[test]
fn npm_packages_and_the_rust_target_are_installed() {
    let build = format!(
        "[ \"$1\" = ci ] && mkdir -p node_modules && cp package-lock.json node_modules/.package-lock.json && exit\n\
         mkdir -p dist; cp '{}' dist/beers.wasm",
        guests::ECHOES_STATE
    );
    let lock = |version: &str| {
        format!(r#"{{"packages": {{"": {{}}, "node_modules/a": {{"version": "{version}"}}}}}}"#)
    };
    let workshop = Workshop::new()
        .with("beers/package.json", NODE_MANIFEST)
        .with("beers/package-lock.json", lock("1.0.0"))
        .with_tool("tools/node", "echo v20.1.0")
        .with_tool("tools/npm", &build);
    let ended = workshop.build(&["beers"]);
    assert_fails(&ended, &["weld-host build beers --install"]);
    let said = ended.stderr.join("\n");
    assert!(
        said.contains("npm packages (node_modules does not exist)"),
        "{said}"
    );
    assert!(run_as_printed(&workshop, &ended).status.success());
    assert!(workshop.has_installed(guests::ECHOES_STATE));
    let calls = workshop.calls();
    assert!(
        calls
            .iter()
            .any(|call| call.starts_with("npm ci --ignore-scripts")),
        "{calls:?}"
    );
    workshop.write("beers/package-lock.json", lock("1.1.0"));
    let ended = workshop.build(&["beers"]);
    let said = ended.stderr.join("\n");
    assert!(said.contains("node_modules lacks a 1.1.0"), "{said}");
    assert!(run_as_printed(&workshop, &ended).status.success());

    let workshop = Workshop::of_rust(guests::ECHOES_STATE)
        .with_tool("tools/rustc", "cat ../target-folder")
        .with("target-folder", "/no/such/folder\n")
        .with_tool("tools/rustup", "echo / > ../target-folder");
    let ended = workshop.build(&["beers"]);
    let said = ended.stderr.join("\n");
    assert!(said.contains("the Rust target wasm32-wasip2"), "{said}");
    let ended = run_as_printed(&workshop, &ended);
    assert!(ended.status.success(), "{ended:?}");
    assert!(
        workshop
            .calls()
            .contains(&"rustup target add wasm32-wasip2".to_owned())
    );
    assert!(workshop.has_installed(guests::ECHOES_STATE));
}

#[test]
fn question_on_a_terminal_is_answered_by_yes_or_no() {
    for (answer, installs) in [
        ("y\n", true),
        ("YES\n", true),
        ("\n", false),
        ("n\n", false),
    ] {
        let workshop = of_python("");
        let terminal = Terminal::start_with_input(workshop.command("build", &["beers"]), 24, 120);
        terminal.wait_for("the question", |line| line.contains("Install now? [y/N]"));
        terminal.write(answer);
        let left = terminal.wait();
        assert_eq!(left.status.success(), installs, "{answer:?}: {left:?}");
        assert_eq!(workshop.at("beers/.venv").exists(), installs, "{answer:?}");
        if !installs {
            let last = left.lines.iter().rfind(|line| !line.is_empty()).unwrap();
            assert_eq!(last, "weld-host build beers --install");
        }
    }
}

#[test]
fn tools_that_only_the_author_can_install_are_named() {
    let python = "[ \"$1\" = --version ] && echo Python 3.11.7 && exit\n\
                  case \"$2\" in *ensurepip) exit 1;; esac";
    for (sources, tools, words) in [
        (
            &[("Cargo.toml", CARGO_MANIFEST)][..],
            &[][..],
            &["rustc is missing", "https://rustup.rs"][..],
        ),
        (
            &[("Cargo.toml", CARGO_MANIFEST)],
            &[("rustc", "echo /")],
            &["cargo is missing", "https://rustup.rs"],
        ),
        (
            &[("Cargo.toml", CARGO_MANIFEST)],
            &[("rustc", "echo /no/such/folder")],
            &["rustup is missing", "https://rustup.rs"],
        ),
        (
            &[("app.py", "")],
            &[],
            &["python3 is missing", "https://www.python.org/downloads/"],
        ),
        (
            &[("app.py", "")],
            &[("python3", "echo Python 3.8.10")],
            &["3.8.10", "3.10 or later", "python.org"],
        ),
        (
            &[("app.py", "")],
            &[("python3", python)],
            &["`ensurepip`", "apt install python3-venv"],
        ),
        (
            &[("package.json", NODE_MANIFEST)],
            &[],
            &["node is missing", "https://nodejs.org"],
        ),
        (
            &[("package.json", NODE_MANIFEST)],
            &[("node", "echo v18.20.4")],
            &["18.20.4", "20 or later", "nodejs"],
        ),
        (
            &[("package.json", NODE_MANIFEST)],
            &[("node", "echo v22.0.0")],
            &["npm is missing", "https://nodejs.org"],
        ),
        (
            &[("beers.c", "")],
            &[],
            &["python3 is missing", "https://www.python.org/downloads/"],
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
        assert_fails(&workshop.build(&["beers", "--install"]), words);
    }
}

#[test]
fn outdated_tool_is_reported_with_both_versions() {
    let workshop = of_python("").with_tool("tools/componentize-py", "echo componentize-py 0.9.3");
    let ended = workshop.build(&["beers"]);
    let said = ended.stderr.join("\n");
    assert!(
        said.contains("componentize-py on the path has version 0.9.3, not >=0.25"),
        "{said}"
    );
    assert!(run_as_printed(&workshop, &ended).status.success());
    // The author's own file asks for a version that is too old.
    let old = "beers/.venv/lib/python3.11/site-packages/componentize_py-0.20.0.dist-info";
    fs::rename(
        workshop.at("beers/.venv/lib/python3.11/site-packages/componentize_py-0.25.1.dist-info"),
        workshop.at(old),
    )
    .unwrap();
    workshop.write("beers/requirements.txt", "componentize-py==0.20.0\n");
    assert_fails(
        &workshop.build(&["beers", "--install"]),
        &["0.20.0", "0.25 or later", "requirements.txt"],
    );
}

#[test]
fn printed_command_has_the_flags_of_the_one_that_failed() {
    let workshop = of_python("");
    fs::create_dir(workshop.at("x")).unwrap();
    fs::rename(workshop.at("beers"), workshop.at("x/beers")).unwrap();
    workshop.write("x/beers/Cargo.toml", CARGO_MANIFEST);
    let ended = workshop.build(&["x/beers", "--lang", "python", "--plugins", "my plugins"]);
    assert_eq!(
        ended.stderr.last().unwrap(),
        "weld-host build x/beers --plugins 'my plugins' --lang python --install"
    );
    let line = ended.stderr.last().unwrap();
    let mut shell = Command::new("/bin/sh");
    symlink(crate::PROGRAM, workshop.at("tools/weld-host")).unwrap();
    shell
        .args(["-c", line])
        .env_clear()
        .env("PATH", workshop.at("tools"))
        .current_dir(workshop.at("."));
    let ended = Process::start(&mut shell).wait();
    assert!(ended.status.success(), "{ended:?}");
    assert!(workshop.at("my plugins/beers.wasm").is_file());
}
