//! The tools of each language: how they are called, and the messages if one is missing, too old or fails.

use super::super::workshop::Workshop;
use super::{NODE_MANIFEST, assert_fails, copies};
use crate::guests;
use std::fs;
use std::os::unix::fs::PermissionsExt;

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
fn python_is_built_by_componentize_py_from_its_virtual_environment_or_the_path() {
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
        let calls = workshop.calls();
        let of_the_build = calls
            .iter()
            .filter(|call| !call.ends_with("--version"))
            .cloned();
        assert_eq!(
            of_the_build.collect::<Vec<_>>(),
            [
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
fn c_is_compiled_by_zig_and_anything_but_a_core_module_is_refused() {
    // A component in place of a core module; `weld-host` itself performs the step that fails.
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
    assert_fails(&ended, &["the module can't be turned into a component"]);
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
