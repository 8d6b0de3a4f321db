//! Invalid rules and networks, each on its own line.

use std::path::Path;

use crate::config::{Ceilings, ConnectorConfig};

/// A value of `allow` or `allow-networks`, and a part of the message about it.
const RULES: &[(&str, &str)] = &[
    ("", "write a rule as"),
    ("GET, POST https://api.example.com", "write a rule as"),
    ("get https://api.example.com", "upper case"),
    ("CONNECT https://api.example.com", "never sent"),
    ("api.example.com", "must begin with http:// or https://"),
    (
        "ftp://api.example.com",
        "must begin with http:// or https://",
    ),
    (
        "wss://api.example.com",
        "must begin with http:// or https://",
    ),
    (
        "https://user:hunter2@api.example.com",
        "user name or password",
    ),
    (
        "https://api.example.com?token=hunter2",
        "a query or fragment",
    ),
    ("https://*", "`*` may only replace"),
    ("https://api.*.com", "`*` may only replace"),
    ("https://a*.example.com", "`*` may only replace"),
    ("https://api.example.com/*", "\"/v1\""),
    ("https://", "host is missing"),
    ("https://api..example.com", "two dots in a row"),
    ("https://api.example.com.", "begins or ends with a dot"),
    ("https://0.0.0.0", "not the address of a single server"),
    ("https://[ff02::1]", "not the address of a single server"),
    ("https://[::1", "neither a name nor"),
    ("https://api.example.com:0", "from 1 to 65535"),
    ("https://api.example.com:65536", "from 1 to 65535"),
    ("https://api.example.com/v1/../v2", "`..`"),
    ("https://api.example.com/v1/%2e%2e", "`..`"),
    ("https:\\\\\\\\api.example.com", "backslashes"),
];

const NETWORKS: &[(&str, &str)] = &[
    ("db.internal", "not a network"),
    ("10.1/16", "not a network"),
    ("10.1.0", "not a network"),
    ("::ffff:10.1.0.0", "write \"10.1.0.0\""),
    ("10.1.0.0/33", "from 0 to 32"),
    ("fd00::/129", "from 0 to 128"),
    ("10.1.0.0/255.255.0.0", "from 0 to 32"),
    ("10.1.2.3/16", "10.1.0.0/16"),
    ("::ffff:10.1.0.0/112", "10.1.0.0/16"),
];

/// The messages about these values of this key, the first of which is on line 3.
fn problems(key: &str, values: &[(&str, &str)]) -> Vec<String> {
    let lines: String = values
        .iter()
        .map(|(value, _)| format!("  \"{value}\",\n"))
        .collect();
    let text = format!("[network]\n{key} = [\n{lines}]\n");
    ConnectorConfig::parse(&text, Path::new("shop.toml"), &Ceilings::default())
        .expect_err("all are invalid")
        .to_string()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_invalid_rule_and_network_is_reported_with_its_line() {
    for (key, values) in [("allow", RULES), ("allow-networks", NETWORKS)] {
        let problems = problems(key, values);
        assert_eq!(problems.len(), values.len(), "{problems:#?}");
        for (index, ((value, words), problem)) in values.iter().zip(&problems).enumerate() {
            let place = format!("shop.toml:{}: network.{key}[{index}]: ", index + 3);
            assert!(
                problem.starts_with(&place) && problem.contains(words),
                "{value}: {problem}"
            );
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }
}
