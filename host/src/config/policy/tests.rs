//! Connectors' files under a policy, and mistakes in a policy.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::config::{ConnectorConfig, HostFile, SystemFiles, TimedFiles};

fn bounds(policy: &str) -> OperatorBounds {
    OperatorBounds {
        policy: HostFile::policy_of(policy),
        is_special: |address: IpAddr| match address {
            IpAddr::V4(four) => four.is_private(),
            IpAddr::V6(_) => false,
        },
        ..OperatorBounds::without_policy(Ceilings::default())
    }
}

/// What is said of `shop.toml` with this text in a folder with some files, without the folder's name.
fn problems(policy: &str, text: &str) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["shop", "other"] {
        fs::create_dir(path(name)).unwrap();
        fs::write(path(name).join("key"), "a-key-of-the-shop").unwrap();
    }
    symlink("../other/key", path("shop").join("link")).unwrap();
    symlink("other", path("folder-link")).unwrap();
    symlink("shop/key", path("link-into-shop")).unwrap();
    fs::write(path("shop.toml"), text).unwrap();
    let policy = policy.replace("DIR", &folder.path().display().to_string());
    let mut found = Vec::new();
    for files in [&SystemFiles as &dyn crate::config::FileSystem, &TimedFiles] {
        let read = ConnectorConfig::read_within(&path("shop.toml"), &bounds(&policy), files);
        let told = read
            .err()
            .map_or_else(String::new, |error| error.to_string());
        let told = told.replace(&format!("{}/", folder.path().display()), "");
        found.push(told.lines().map(str::to_owned).collect::<Vec<_>>());
    }
    assert_eq!(found[0], found[1], "both read files in the same way");
    found.swap_remove(0)
}

#[test]
fn rules_and_networks_must_be_covered() {
    let policy = "[policy]\norigins = [\"https://*.example.com\", \"http://10.1.2.3\"]\nnetworks = [\"10.1.0.0/16\"]";
    for (text, expected) in [
        ("allow = [\"https://api.example.com\"]", None),
        ("allow = [\"GET https://api.example.com/v1\"]", None),
        ("allow = [\"http://10.1.2.3/v1\"]", None),
        ("allow-networks = [\"10.1.2.0/24\"]", None),
        (
            "allow = [\"https://example.com\"]",
            Some(
                "allow[0]: goes beyond the operator's policy, `policy.origins` (/etc/weld/weld-host.toml:2)",
            ),
        ),
        (
            "allow = [\"http://api.example.com\"]",
            Some("allow[0]: goes beyond"),
        ),
        ("allow = [\"https://*.com\"]", Some("allow[0]: goes beyond")),
        (
            "allow = [\"https://api.example.com:8443\"]",
            Some("allow[0]: goes beyond"),
        ),
        (
            "allow-networks = [\"10.0.0.0/8\"]",
            Some(
                "allow-networks[0]: goes beyond the operator's policy, `policy.networks` (/etc/weld/weld-host.toml:3)",
            ),
        ),
        (
            "allow-networks = [\"fd00::/8\"]",
            Some("allow-networks[0]: goes beyond"),
        ),
    ] {
        let problems = problems(policy, &format!("[network]\n{text}"));
        match expected {
            None => assert!(problems.is_empty(), "{text}: {problems:?}"),
            Some(words) => {
                let begin = format!("shop.toml:2: network.{words}");
                assert!(
                    problems.len() == 1 && problems[0].starts_with(&begin),
                    "{text}: {problems:?}"
                );
            }
        }
    }
    let literal = problems(
        "[policy]\nnetworks = []",
        "[network]\nallow = [\"http://10.1.2.3\", \"http://93.184.215.14\"]",
    );
    assert_eq!(literal.len(), 1, "{literal:?}");
    assert!(
        literal[0].contains("allow[0]") && literal[0].contains("policy.networks"),
        "{literal:?}"
    );
    assert!(
        problems(
            "",
            "[network]\nallow = [\"http://10.1.2.3\"]\nallow-networks = [\"10.0.0.0/8\"]"
        )
        .is_empty()
    );
}

/// Those problems that are the policy's.
fn refusals(policy: &str, text: &str) -> Vec<String> {
    let mut problems = problems(policy, text);
    problems.retain(|problem| problem.contains("policy"));
    problems
}

#[test]
fn connectors_name_only_the_variables_that_are_granted_to_them() {
    let granted =
        "[policy.variables]\n\"*\" = [\"PAT*\"]\n\"sh*p\" = [\"SHOP_*\"]\nother = [\"HOME\"]";
    for (variable, is_granted) in [
        ("PATH", true),
        ("HOME", false),
        ("SHOP_KEY", true),
        ("SHOPKEY", false),
    ] {
        for text in [
            format!("[env]\nA = {{ env = \"{variable}\" }}"),
            format!("[env]\nA.env = \"{variable}\""),
            format!("\napi-key = [{{ env = \"{variable}\" }}]"),
            format!("[network]\nroots = {{ env = \"{variable}\" }}"),
        ] {
            let refused = refusals(granted, &text);
            assert_eq!(refused.is_empty(), is_granted, "{text}: {refused:?}");
            if let Some(problem) = refused.first() {
                assert!(
                    problem.starts_with("shop.toml:2: ")
                        && problem.contains("`policy.variables.sh*p` (/etc/weld/weld-host.toml:3)"),
                    "{problem}"
                );
            }
        }
    }
    let nothing = problems("[policy]\nvariables = {}", "[env]\nA = { env = \"PATH\" }");
    assert!(
        nothing[0].contains("`policy.variables` (/etc/weld/weld-host.toml:2)"),
        "{nothing:?}"
    );
}

#[test]
fn connectors_name_only_the_files_that_are_granted_to_them_whatever_links_lead_there() {
    let granted = "[policy.secret-files]\nshop = [\"DIR/shop\"]";
    for (file, is_granted) in [
        ("shop/key", true),
        ("link-into-shop", true),
        ("shop/../shop/key", true),
        ("other/key", false),
        ("shop/link", false),
        ("folder-link/key", false),
        ("shop/../other/key", false),
        ("/etc/hostname", false),
    ] {
        for text in [
            format!("[env]\nA = {{ file = \"{file}\" }}"),
            format!("[network]\nroots = \"{file}\""),
        ] {
            let refused = refusals(granted, &text);
            assert_eq!(refused.is_empty(), is_granted, "{text}: {refused:?}");
            if let Some(problem) = refused.first() {
                assert!(
                    problem.contains("`policy.secret-files.shop` (/etc/weld/weld-host.toml:2)"),
                    "{problem}"
                );
            }
        }
    }
    let one_file = "[policy.secret-files]\nshop = [\"DIR/shop/key\"]";
    assert!(problems(one_file, "[env]\nA = { file = \"shop/key\" }").is_empty());
    // A link as the grant itself means its target.
    let by_link = "[policy.secret-files]\nshop = [\"DIR/folder-link\"]";
    assert!(problems(by_link, "[env]\nA = { file = \"other/key\" }").is_empty());
    let others = "[policy.secret-files]\nother = [\"DIR\"]";
    assert!(!problems(others, "[env]\nA = { file = \"shop/key\" }").is_empty());
}

#[test]
fn policy_shows_its_keys_with_their_lines() {
    let policy = HostFile::policy_of(
        "[policy]\norigins = [\"https://a.example\"]\nrequire-key = true\nwasi-http = false\nvariables = { shop = [\"A*\"] }",
    );
    let lines: Vec<String> = policy
        .lines()
        .iter()
        .map(|(place, value)| format!("{}:{} {value}", place.key(), place.line()))
        .collect();
    assert_eq!(
        lines,
        [
            "policy.origins:2 [\"https://a.example\"]",
            "policy.variables:5 { \"shop\" = [\"A*\"] }",
            "policy.wasi-http:4 false",
            "policy.require-key:3 true",
        ]
    );
    assert_eq!(
        *HostFile::policy_of("[policy]\nwasi-http = true"),
        Policy::default()
    );
    let path = Path::new("/nowhere");
    assert!(Policy::default().permits_file("shop", path).is_ok());
}
