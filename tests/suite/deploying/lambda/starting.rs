//! Starts and ends of a function: its environment, and what keeps it from starting.

use super::{Answer, Source, answer, function, function_with};
use crate::{PROGRAM, guests};
use rustix::process::Signal;
use serde_json::json;
use std::fs;
use std::process::Command;
use weld_host_tests::process::Process;
use weld_host_tests::runtime_api::FunctionBuilder;

/// Checks that the function doesn't start, with an error that contains these texts and reaches both Lambda and the log.
fn assert_refused(builder: FunctionBuilder, words: &[&str]) {
    let function = builder.start();
    let error = function.api().init_error();
    let (ended, _api) = function.wait();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let message = error["errorMessage"].as_str().unwrap();
    assert_eq!(error["errorType"], "Init.Failed");
    assert_eq!(error["stackTrace"], json!([]));
    let log = ended.stderr.join("\n");
    for word in words {
        assert!(message.contains(word), "{word} in {message}");
        assert!(log.contains(word), "{word} in {log}");
    }
}

#[test]
fn function_without_a_home_serves_from_a_cache_in_its_temporary_folder() {
    let builder = FunctionBuilder::new(PROGRAM)
        .plugin("guest", guests::ECHOES_STATE)
        .variable("WELD_API_KEY", super::KEY);
    let temporary = builder.root().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let function = builder.variable("TMPDIR", &temporary).start();
    let page = answer(&function, &Source::FunctionUrl.event());
    assert_eq!(page.status, 200, "{page:?}");
    let cached = fs::read_dir(temporary.join("weld-host")).unwrap().count();
    assert!(cached > 0);
}

#[test]
fn function_without_any_folder_to_write_to_compiles_and_serves() {
    for variable in ["TMPDIR", "WELD_CACHE"] {
        let function = FunctionBuilder::new(PROGRAM)
            .plugin("guest", guests::ECHOES_STATE)
            .variable("WELD_API_KEY", super::KEY)
            .variable(variable, "/proc/nowhere")
            .start();
        let page = answer(&function, &Source::FunctionUrl.event());
        assert_eq!(page.status, 200, "{page:?}");
        let warning = function.process().stderr().wait_for_text("cache folder");
        assert!(warning.contains("/proc/nowhere"), "{warning}");
    }
}

#[test]
fn settings_come_from_the_environment_and_the_task_root() {
    let builder = function()
        .plugin("guest", guests::ECHOES_STATE)
        .plugin("other", guests::ECHOES_STATE)
        .file(
            "weld-host.toml",
            "default = \"guest\"\nmax-body = \"1KiB\"\nadmin = \"127.0.0.1:0\"\n",
        );
    let function = builder.variable("WELD_LOG", "debug").start();
    let root = answer(&function, &Source::FunctionUrl.request("GET", "/schema"));
    assert_eq!(root.status, 200, "{root:?}");
    let state = json!({"filler": "x".repeat(2_000)});
    let large = answer(&function, &Source::FunctionUrl.page("rows", &state));
    large.error(413, "body_too_large");
    let warning = function
        .process()
        .stderr()
        .wait_for_text("has no effect in a function");
    assert!(
        warning.contains("admin") && warning.contains("weld-host.toml:3"),
        "{warning}"
    );
}

#[test]
fn folders_of_the_settings_that_the_package_does_not_have_are_its_plugins() {
    let settings = "plugins = \"/srv/weld/connectors\"\ncompiled = \"compiled\"\n";
    let function = function()
        .plugin("guest", guests::ECHOES_STATE)
        .file("weld-host.toml", settings)
        .start();
    let page = answer(&function, &Source::FunctionUrl.event());
    assert_eq!(page.status, 200, "{page:?}");
    for (setting, line) in [
        ("plugins", "weld-host.toml:1"),
        ("compiled", "weld-host.toml:2"),
    ] {
        let warning = function
            .process()
            .stderr()
            .wait_for("a warning of the folder", |text| {
                text.contains("no such folder") && text.contains(line)
            });
        assert!(warning.contains(setting), "{warning}");
    }
}

#[test]
fn connectors_own_keys_and_failures_are_as_on_a_server() {
    let function = function()
        .plugin("guest", guests::ECHOES_STATE)
        .config("guest", "api-key = \"own-key-of-guest\"")
        .plugin("broken", guests::ECHOES_STATE)
        .config("broken", "[limits]\nmemory = \"much\"")
        .start();
    answer(&function, &Source::RestApi.event()).error(401, "unauthorized");
    let own = Source::RestApi.with_header(
        Source::RestApi.event(),
        "Authorization",
        Some("Bearer own-key-of-guest"),
    );
    assert_eq!(answer(&function, &own).status, 200);
    let broken = Source::RestApi.request("GET", "/broken/schema");
    answer(&function, &broken).error(503, "connector_unavailable");
    let line = function
        .process()
        .stderr()
        .wait_for_text("connector not loaded");
    assert!(line.contains("broken") && line.contains("memory"), "{line}");
}

#[test]
fn function_without_a_key_refuses_everybody_and_says_so() {
    let function = function()
        .plugin("guest", guests::ECHOES_STATE)
        .without("WELD_API_KEY")
        .start();
    function
        .process()
        .stderr()
        .wait_for_text("set WELD_API_KEY");
    for source in Source::ALL {
        answer(&function, &source.event()).error(401, "unauthorized");
        for host in [Some("localhost"), Some("127.0.0.1:8080"), None] {
            let event = source.with_header(source.event(), "Host", host);
            answer(&function, &event).error(401, "unauthorized");
        }
    }
}

#[test]
fn function_that_can_not_start_tells_lambda_why() {
    assert_refused(
        function().variable("WELD_PLUGINS", "/no/such/folder"),
        &["/no/such/folder"],
    );
    assert_refused(
        function().file("weld-host.toml", "max-boby = \"1MiB\"\n"),
        &["weld-host.toml", "max-boby", "max-body"],
    );
    assert_refused(
        function().variable("WELD_MAX_BODY", "much"),
        &["--max-body", "much"],
    );
    assert_refused(
        function().variable("LAMBDA_TASK_ROOT", "/no/such/root"),
        &["/no/such/root", "LAMBDA_TASK_ROOT"],
    );
    for variable in [
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    ] {
        assert_refused(function().without(variable), &[variable, "weld-host serve"]);
    }
}

#[test]
fn program_without_a_command_is_a_function_too() {
    let function = function()
        .plugin("guest", guests::ECHOES_STATE)
        .under_its_own_name()
        .start();
    assert_eq!(answer(&function, &Source::FunctionUrl.event()).status, 200);
}

#[test]
fn commands_work_in_a_function_s_environment() {
    let mut command = Command::new(PROGRAM);
    command
        .arg("--version")
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9");
    let ended = Process::start(&mut command).wait();
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout[0].starts_with("weld-host "), "{ended:?}");
}

#[test]
fn signal_of_the_platform_ends_the_function_in_order() {
    let function = function_with(guests::ECHOES_STATE, "");
    let page = answer(&function, &Source::FunctionUrl.event());
    assert_eq!(page.status, 200);
    function.process().signal(Signal::TERM);
    let (ended, _api) = function.wait();
    assert!(ended.status.success(), "{ended:?}");
    let log = ended.stderr.join("\n");
    assert!(log.contains("SIGTERM"), "{log}");
}

#[test]
fn refresh_tokens_without_a_lasting_store_are_warned_of() {
    let config = "[network]\nallow = [\"https://api.example.com\"]\n[auth.crm]\nkind = \"oauth2\"\ngrant = \
                  \"refresh-token\"\nurls = [\"https://api.example.com\"]\ntoken-url = \
                  \"https://api.example.com/token\"\nclient-id = \"id\"\nrefresh-token = \"first\"\n";
    let start = |tokens: Option<&str>| {
        let builder = function()
            .plugin("guest", guests::ECHOES_STATE)
            .config("guest", config)
            .plugin("other", guests::ECHOES_STATE);
        let folder = builder.root().join("tokens");
        match tokens {
            None => builder,
            Some("") => builder.variable("WELD_TOKENS", folder),
            Some(folder) => builder.variable("WELD_TOKENS", folder),
        }
        .start()
    };
    for (tokens, is_warned) in [
        (None, true),
        (Some("/tmp/weld-host-tokens-of-tests"), true),
        (Some("/mnt/weld-host-tokens-of-tests"), false),
    ] {
        let function = start(tokens);
        function.api().wait_until_asked();
        let log = function.process().stderr().so_far();
        let warnings: Vec<_> = log
            .iter()
            .filter(|line| line.contains("renewed with a refresh token"))
            .collect();
        assert_eq!(warnings.len(), usize::from(is_warned), "{tokens:?} {log:?}");
        assert!(
            warnings.iter().all(|line| line.contains("guest")),
            "{warnings:?}"
        );
    }
}

#[test]
fn text_is_logged_if_the_function_is_configured_so() {
    for (variable, value) in [
        ("WELD_LOG_FORMAT", "text"),
        ("AWS_LAMBDA_LOG_FORMAT", "Text"),
    ] {
        let function = function()
            .plugin("guest", guests::ECHOES_STATE)
            .variable(variable, value)
            .start();
        let page: Answer = answer(&function, &Source::FunctionUrl.event());
        assert_eq!(page.status, 200);
        let line = function.process().stderr().wait_for_text("request_id");
        assert!(!line.starts_with('{'), "{line}");
    }
}
