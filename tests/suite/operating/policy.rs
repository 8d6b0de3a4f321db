//! `[policy]` of `weld-host.toml`: what connectors' configurations may say at most.

use super::place::Place;
use crate::{assert_error, guests, host};
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;
use weld_host_tests::host::Host;

/// A host under this policy with the connectors `guest`, which has this configuration, and `good`, which has none.
fn host_under(policy: &str, toml: &str) -> Host {
    host()
        .plugin("good", guests::ECHOES_STATE)
        .plugin("guest", guests::ECHOES_STATE)
        .config("guest", toml)
        .file("weld-host.toml", policy)
        .start()
}

#[test]
fn connector_beyond_the_policy_is_not_loaded_and_the_message_names_both_lines() {
    for (policy, toml, lines) in [
        (
            "\n[policy]\norigins = [\"https://api.example.com\"]",
            "\n[network]\nallow = [\"https://other.example.com\"]",
            [
                "guest.toml:3: network.allow[0]",
                "`policy.origins` (weld-host.toml:3)",
            ],
        ),
        (
            "[policy]\nnetworks = []",
            "[network]\nallow-networks = [\"10.0.0.0/8\"]",
            [
                "guest.toml:2: network.allow-networks[0]",
                "`policy.networks` (weld-host.toml:2)",
            ],
        ),
        (
            "[policy]\nnetworks = [\"10.0.0.0/8\"]",
            "[network]\nallow = [\"http://127.0.0.1\"]",
            [
                "guest.toml:2: network.allow[0]",
                "`policy.networks` (weld-host.toml:2)",
            ],
        ),
        (
            "[policy.variables]\nguest = [\"GUEST_*\"]",
            "[env]\nA = { env = \"WELD_API_KEY\" }",
            [
                "guest.toml:2: env.A",
                "`policy.variables.guest` (weld-host.toml:2)",
            ],
        ),
        (
            "[policy.secret-files]\ngood = [\"/etc\"]",
            "[env]\nA = { file = \"/etc/hostname\" }",
            [
                "guest.toml:2: env.A",
                "`policy.secret-files` (weld-host.toml:1)",
            ],
        ),
        (
            "max-cpu-time = \"1s\"",
            "[limits]\ncpu-time = \"2s\"",
            ["guest.toml:2: limits.cpu-time", "--max-cpu-time"],
        ),
    ] {
        let host = host_under(policy, toml);
        let line = host.announcement("guest");
        for words in lines {
            assert!(line.contains(words), "{words}\n{line}");
        }
        assert_error(&host.weld("guest").schema(), 503, "connector_unavailable");
        assert_eq!(host.weld("good").schema().status(), 200, "the others serve");
    }
}

#[test]
fn connector_within_the_policy_is_loaded() {
    let secrets = TempDir::new().unwrap();
    fs::write(secrets.path().join("key"), "a-key-of-the-guest").unwrap();
    let folder = secrets.path().display();
    let policy = format!(
        "[policy]\norigins = [\"https://*.example.com\"]\nnetworks = [\"10.0.0.0/8\"]\nwasi-http = false\n\
         [policy.variables]\n\"g*\" = [\"PA*\"]\n[policy.secret-files]\nguest = [\"{folder}\"]\n"
    );
    let toml = format!(
        "[network]\nallow = [\"https://api.example.com/v1\"]\nallow-networks = [\"10.1.0.0/16\"]\n\
         [env]\nA = {{ env = \"PATH\" }}\nB = {{ file = \"{folder}/key\" }}\n"
    );
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .config("guest", &toml)
        .file("weld-host.toml", &policy)
        .variable("PATH", "/bin")
        .start();
    assert_eq!(
        host.weld("guest").schema().status(),
        200,
        "{}",
        host.announcement("guest")
    );
}

#[test]
fn link_in_the_plugins_folder_opens_no_file_of_others() {
    let secrets = TempDir::new().unwrap();
    for name in ["guest", "other"] {
        fs::create_dir(secrets.path().join(name)).unwrap();
        fs::write(secrets.path().join(name).join("key"), "a-key-of-somebody").unwrap();
    }
    let folder = secrets.path().display();
    let builder = host()
        .plugin("guest", guests::ECHOES_STATE)
        .config("guest", "[env]\nA = { file = \"link\" }")
        .file(
            "weld-host.toml",
            format!("[policy.secret-files]\nguest = [\"{folder}/guest\"]"),
        );
    symlink(
        secrets.path().join("other/key"),
        builder.plugins().join("link"),
    )
    .unwrap();
    let host = builder.start();
    let line = host.announcement("guest");
    assert!(
        line.contains("guest.toml:2: env.A")
            && line.contains("other/key")
            && line.contains("policy.secret-files.guest"),
        "{line}"
    );
}

#[test]
fn component_that_imports_wasi_http_is_loaded_only_if_the_policy_permits_it() {
    let start = |policy: &str| {
        host()
            .plugin("wasi", guests::FETCHES_WASI)
            .plugin("plain", guests::FETCHES)
            .file("weld-host.toml", policy)
            .start()
    };
    let closed = start("[policy]\nwasi-http = false");
    let line = closed.announcement("wasi");
    assert!(
        line.contains("imports `wasi:http/outgoing-handler`")
            && line.contains("`policy.wasi-http` (weld-host.toml:2)"),
        "{line}"
    );
    assert!(closed.announcement("plain").contains("loaded in"));
    let open = start("[policy]\nwasi-http = true");
    assert!(open.announcement("wasi").contains("loaded in"));
}

#[test]
fn policy_can_require_a_key() {
    let builder = || host().file("weld-host.toml", "[policy]\nrequire-key = true");
    let failure = builder().fail();
    let told = failure.stderr.join("\n");
    assert!(
        told.contains("`policy.require-key` (weld-host.toml:2), requires a key: set WELD_API_KEY"),
        "{told}"
    );
    let host = builder()
        .plugin("guest", guests::ECHOES_STATE)
        .variable("WELD_API_KEY", "key")
        .start();
    assert_error(&host.weld("guest").schema(), 401, "unauthorized");
}

#[test]
fn check_of_the_configuration_reports_connectors_beyond_the_policy() {
    let place = Place::with("[policy]\norigins = [\"https://api.example.com\"]\n");
    place.connector(
        "good.toml",
        "[network]\nallow = [\"https://api.example.com\"]",
    );
    assert!(place.run(&["config", "check"], &[]).status.success());
    place.connector("bad.toml", "[network]\nallow = [\"https://example.com\"]");
    let ended = place.run(&["config", "check", "--elsewhere"], &[]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let told = ended.stdout.join("\n");
    assert!(
        told.contains("bad.toml:2: network.allow[0]")
            && told.contains("`policy.origins` (weld-host.toml:2)"),
        "{told}"
    );
}
