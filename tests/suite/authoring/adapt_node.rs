//! `weld-host adapt` for a Node function: the tools that it calls, and the folder that it creates. The tools are
//! scripts here; the kit's own tests run the command with the real ones.

use super::workshop::Workshop;
use crate::guests;
use std::fs;
use std::path::Path;

const FUNCTION: &str = "exports.handler = async (event) => event;\n";

/// A workshop with the function `shop`, and a Node that prints `answer` when it is asked to scan the source.
fn bench(answer: &str) -> Workshop {
    let node = format!("case $1 in --version) echo v20.1.0;; *) echo '{answer}';; esac");
    let npm = format!(
        "case $1 in run) cp '{}' made.wasm; mv made.wasm \"$(basename \"$PWD\").wasm\";; *) mkdir -p node_modules/dayjs; \
         echo '{{\"version\": \"1.2.3\"}}' > node_modules/dayjs/package.json;; esac",
        guests::ECHOES_STATE
    );
    Workshop::empty()
        .with("shop/index.js", FUNCTION)
        .with("shop/lib/api.js", "// Asks the API.\n")
        .with("shop/package.json", r#"{"main": "index.js"}"#)
        .with("shop/node_modules/a/index.js", "")
        .with("shop/.env", "TOKEN=secret\n")
        .with_tool("tools/node", &node)
        .with_tool("tools/npm", &npm)
}

const FOUND: &str = r#"{"found": {"entry": "handler in index.js", "key_variable": "WELD_API_KEY",
    "keys": [{"header": "authorization", "prefix": "Bearer ", "variable": "WELD_API_KEY"}],
    "variables": [{"name": "TOKEN", "place": "index.js:1", "has_default": false}],
    "hosts": [{"origin": "https://api.example.com", "place": "index.js:2"}], "dependencies": {}}}"#;

#[test]
fn function_becomes_a_folder_that_can_be_built_with_its_files_unchanged() {
    let bench = bench(FOUND);
    let ended = bench.run("adapt", &["shop", "-o", "orders", "--plugins", "plugins"]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let scan = "node weld-connector/bin/weld-function-scan.js function index.js";
    assert_eq!(
        bench.calls(),
        [
            "node --version",
            scan,
            "npm ci --ignore-scripts --no-audit --no-fund --loglevel=error",
            "npm run build",
        ]
    );
    assert_eq!(bench.read("orders/function/index.js"), FUNCTION);
    assert_eq!(
        bench.read("orders/function/lib/api.js"),
        "// Asks the API.\n"
    );
    for left_out in [
        "orders/function/.env",
        "orders/function/node_modules",
        "shop/function",
    ] {
        assert!(!bench.at(left_out).exists(), "{left_out}");
    }
    let entry = bench.read("orders/connector.mjs");
    for line in [
        "require(\"./function/index.js\")",
        r#"keys: [{"header":"authorization","prefix":"Bearer ","variable":"WELD_API_KEY"}]"#,
        "[\"TOKEN\"]",
    ] {
        assert!(entry.contains(line), "{entry}");
    }
    let config = bench.read("plugins/orders.toml");
    assert!(
        config.contains("TOKEN = { env = \"TOKEN\" }")
            && config.contains("\"https://api.example.com\""),
        "{config}"
    );
    let component = fs::read(bench.at("plugins/orders.wasm")).unwrap();
    assert!(component == fs::read(guests::ECHOES_STATE).unwrap());
    let said = ended.stdout.join("\n");
    for words in [
        "tables    rows\n",
        "handler in index.js",
        "TOKEN",
        "https://api.example.com",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn packages_are_installed_with_the_tools_and_listed_with_their_versions() {
    let answer = FOUND.replace(
        r#""dependencies": {}"#,
        r#""dependencies": {"dayjs": "^1.0.0"}"#,
    );
    let bench = bench(&answer);
    let flags = ["--entry", "orders", "--key-variable", "MY_KEY"];
    let ended = bench.run(
        "adapt",
        &[&["shop/index.js", "--name", "orders"][..], &flags].concat(),
    );
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let calls = bench.calls();
    assert!(
        calls[1].ends_with(" function index.js --entry=orders --key-variable=MY_KEY"),
        "{calls:?}"
    );
    assert!(calls[2].starts_with("npm install "), "{calls:?}");
    let manifest = bench.read("orders/package.json");
    assert!(manifest.contains("\"dayjs\": \"^1.0.0\""), "{manifest}");
    assert!(bench.read("orders/connector.mjs").contains("\"orders\""));
    let said = ended.stdout.join("\n");
    assert!(said.contains("dayjs 1.2.3"), "{said}");
    assert!(
        said.contains("not installed yet"),
        "without --plugins: {said}"
    );
}

#[test]
fn refusal_of_the_source_is_one_line_before_anything_is_downloaded() {
    let refused = r#"{"refused": "index.js:3: pg can not be bundled"}"#;
    let bench = bench(refused);
    let ended = bench.run("adapt", &["shop", "--name", "orders"]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert_eq!(
        ended.stderr,
        ["weld-host: index.js:3: pg can not be bundled"]
    );
    assert!(!bench.calls().iter().any(|call| call.starts_with("npm")));
    assert!(!bench.at("orders").exists());
}

#[test]
fn second_run_takes_changed_files_and_keeps_the_settings() {
    let bench = bench(FOUND);
    let run = || bench.run("adapt", &["shop", "-o", "orders"]);
    assert_eq!(run().status.code(), Some(0));
    bench.write("orders/orders.toml", "# mine\n");
    bench.write("shop/index.js", "// changed\n");
    let ended = run();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(bench.read("orders/function/index.js"), "// changed\n");
    assert_eq!(bench.read("orders/orders.toml"), "# mine\n");
    let said = ended.stdout.join("\n");
    assert!(said.contains("orders.toml already existed"), "{said}");
}

#[test]
fn missing_or_old_node_is_reported_with_where_to_get_it() {
    for (script, words) in [(None, "node is missing"), (Some("echo v18.2.0"), "20")] {
        let bench = bench(FOUND);
        match script {
            Some(script) => bench.tool("tools/node", script),
            None => fs::remove_file(bench.at("tools/node")).unwrap(),
        }
        let ended = bench.run("adapt", &["shop", "-o", "orders"]);
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        let line = ended.stderr.last().expect("a line");
        assert!(
            line.contains(words) && line.contains("nodejs.org"),
            "{line}"
        );
        assert!(!Path::new(&bench.at("orders")).exists());
    }
}
