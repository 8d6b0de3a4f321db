//! `weld-host.toml`, `weld-host config` and `config check`: flags, variables and the file are spellings of the same
//! settings.

use super::place::Place;
use crate::{assert_error, guests, host};
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

/// The settings that `config` prints with these arguments and variables.
fn settings(place: &Place, arguments: &[&str], variables: &[(&str, &str)]) -> Value {
    let ended = place.run(&[&["config", "--json"], arguments].concat(), variables);
    assert_eq!(
        ended.status.code(),
        Some(0),
        "{arguments:?} {variables:?}: {ended:?}"
    );
    serde_json::from_str(&ended.stdout.join("\n")).unwrap()
}

#[test]
fn flags_override_variables_and_variables_override_the_file() {
    let place =
        Place::with("queue = 1\nqueue-wait = \"1s\"\ngrace = \"1s\"\nno-background = true\n");
    let variables = [("WELD_QUEUE", "2"), ("WELD_QUEUE_WAIT", "2s")];
    let printed = settings(&place, &["--queue", "3"], &variables);
    let settings = &printed["settings"];
    for (key, value, origin) in [
        ("queue", "3", "flag"),
        ("queue-wait", "2s", "variable"),
        ("grace", "1s", "file"),
        ("no-background", "true", "file"),
        ("max-body", "8MiB", "default"),
    ] {
        let setting = &settings[key];
        assert_eq!(setting["value"], value, "{key}: {printed}");
        assert_eq!(setting["origin"]["from"], origin, "{key}: {printed}");
    }
    assert_eq!(settings["queue-wait"]["origin"]["name"], "WELD_QUEUE_WAIT");
    assert_eq!(settings["grace"]["origin"]["line"], 3);
    assert_eq!(printed["file"], "weld-host.toml");
}

#[test]
fn every_flag_of_serve_has_a_variable_and_a_key_in_the_file() {
    let printed = settings(&Place::with(""), &[], &[]);
    let keys = printed["settings"].as_object().unwrap().keys();
    let flags: Vec<&String> = keys.filter(|key| !key.ends_with("-key")).collect();
    assert!(flags.len() > 25, "{flags:?}");
    // The value that each flag has by default, or else one that its form permits.
    let value = |key: &str| match (key, printed["settings"][key]["value"].as_str()) {
        (_, Some("true" | "false")) => "true".to_owned(),
        ("default", _) => "beers".to_owned(),
        ("slots" | "max-concurrency", _) => "7".to_owned(),
        ("total-memory", _) => "1GiB".to_owned(),
        ("log", _) => "debug".to_owned(),
        ("admin", _) => "127.0.0.1:0".to_owned(),
        ("otlp", _) => "http://127.0.0.1:4318".to_owned(),
        // Each is valid only with the other.
        ("tls-cert" | "tls-key", _) => String::new(),
        (_, Some(value)) => value.to_owned(),
        (_, None) => String::new(),
    };
    let mut tried = 0;
    for key in flags {
        let value = value(key);
        // Files that must exist are subjects of other tests.
        if value.is_empty() {
            continue;
        }
        tried += 1;
        let variable = format!("WELD_{}", key.to_uppercase().replace('-', "_"));
        let is_switch = value == "true";
        let line = match is_switch {
            true => format!("{key} = true"),
            false => format!("{key} = \"{value}\""),
        };
        let in_file = settings(&Place::with(&line), &[], &[]);
        let flag = match is_switch {
            true => format!("--{key}"),
            false => format!("--{key}={value}"),
        };
        let as_flag = settings(&Place::with(""), &[&flag], &[]);
        let as_variable = settings(&Place::with(""), &[], &[(&variable, &value)]);
        let of = |printed: &Value| printed["settings"][key].clone();
        let (file, flag, variable) = (of(&in_file), of(&as_flag), of(&as_variable));
        assert_eq!(
            (&file["origin"]["from"], &flag["origin"]["from"]),
            (&"file".into(), &"flag".into()),
            "{key}"
        );
        assert_eq!(variable["origin"]["from"], "variable", "{key}: {variable}");
        assert_eq!(flag["value"], variable["value"], "{key}");
        if !["plugins", "cache", "tokens"].contains(&key.as_str()) {
            assert_eq!(flag["value"], file["value"], "{key}");
        }
    }
    assert!(tried > 25, "{tried}");
}

#[test]
fn secrets_are_not_shown() {
    let place = Place::with(
        "api-key = \"hunter2\"\nmax-body = { env = \"HIDDEN\" }\ntoken-key = { env = \"TOKEN\" }",
    );
    let variables = [
        ("HIDDEN", "5MiB"),
        ("TOKEN", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ];
    for arguments in [&["config"][..], &["config", "--json"]] {
        let ended = place.run(arguments, &variables);
        let text = ended.stdout.join("\n");
        assert!(ended.status.success(), "{ended:?}");
        for secret in ["hunter2", "5MiB", "AAAA"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert_eq!(text.matches("[secret]").count(), 3, "{text}");
    }
}

#[test]
fn mistakes_in_the_file_are_reported_together_and_keep_the_server_from_starting() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("weld-host.toml");
    fs::write(
        &path,
        "max-boddy = \"1MiB\"\nmax-body = \"much\"\nlog = \"loud\"\n[policy]\norigin = []\n",
    )
    .unwrap();
    let failure = host().flag("--config", path.to_str().unwrap()).fail();
    assert_eq!(failure.status.code(), Some(1));
    let told = failure.stderr.join("\n");
    for (line, words) in [
        (1, "max-boddy: unknown key; did you mean `max-body`?"),
        (2, "max-body: not a size"),
        (
            3,
            "log: no such value: write one of error, warn, info, debug",
        ),
        (5, "policy.origin: unknown key; did you mean `origins`?"),
    ] {
        let place = format!("{}:{line}: {words}", path.display());
        assert!(told.contains(&place), "{place}\n{told}");
    }
}

#[test]
fn file_that_is_unreadable_or_half_written_is_reported() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("weld-host.toml");
    let refused = || {
        let failure = host().flag("--config", path.to_str().unwrap()).fail();
        assert_eq!(failure.status.code(), Some(1));
        failure.stderr.join("\n")
    };
    let missing = refused();
    assert!(
        missing.contains("cannot read") && missing.contains("No such file"),
        "{missing}"
    );
    fs::write(&path, "queue = 7\nqueue-wait = \"1").unwrap();
    let half = refused();
    assert!(
        half.contains(":2: the value of `queue-wait` has no closing quote"),
        "{half}"
    );
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let folder = refused();
    assert!(
        folder.contains("it is a folder, not a regular file"),
        "{folder}"
    );
}

#[test]
fn server_says_which_file_it_uses_and_uses_its_keys() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .file(
            "weld-host.toml",
            "api-key = [\"old\", \"new\"]\nmax-body = \"1KiB\"\n",
        )
        .start();
    host.stdout().wait_for_text("settings of weld-host.toml");
    assert_error(&host.weld("guest").schema(), 401, "unauthorized");
    for key in ["old", "new"] {
        assert_eq!(
            host.weld("guest").with_key(key).schema().status(),
            200,
            "{key}"
        );
    }
    let state = serde_json::json!({ "filler": "x".repeat(2000) });
    let answer = host.weld("guest").with_key("new").page("beers", &state);
    assert_error(&answer, 413, "body_too_large");
    assert!(
        !host
            .log()
            .so_far()
            .iter()
            .any(|line| line.contains("has no component")),
        "{:?}",
        host.log().so_far()
    );
}

#[test]
fn key_file_may_have_several_keys() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .file("keys", "old\nnew\n")
        .flag("--api-key-file", "keys")
        .start();
    for (key, status) in [
        ("old", 200),
        ("new", 200),
        ("old\nnew", 401),
        ("other", 401),
    ] {
        let key = key.replace('\n', "");
        assert_eq!(
            host.weld("guest").with_key(&key).schema().status(),
            status,
            "{key}"
        );
    }
}

#[test]
fn check_reports_all_problems_of_connectors() {
    let place = Place::with("max-memory = \"64MiB\"\n");
    place.connector("good.toml", "[limits]\nmemory = \"32MiB\"");
    let checked = place.run(&["config", "check"], &[]);
    assert_eq!(
        checked.stdout,
        ["weld-host.toml is valid; 1 configurations of connectors are valid"],
        "{checked:?}"
    );
    place.connector("big.toml", "[limits]\nmemory = \"128MiB\"\nmemroy = 1");
    place.connector("here.toml", "[env]\nA = { env = \"NOBODY_SETS_THIS\" }");
    let ended = place.run(&["config", "check"], &[]);
    assert_eq!(ended.status.code(), Some(1));
    let told = ended.stdout.join("\n");
    for words in [
        "big.toml:2: limits.memory",
        "big.toml:3: limits.memroy",
        "here.toml:2: env.A",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    assert!(
        ended.stderr.join("\n").contains("3 problems found"),
        "{:?}",
        ended.stderr
    );
    place.connector("big.toml", "");
    let elsewhere = place.run(&["config", "check", "--elsewhere"], &[]);
    assert_eq!(elsewhere.status.code(), Some(0), "{elsewhere:?}");
}
