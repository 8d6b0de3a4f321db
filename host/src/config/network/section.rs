//! Reads section `[network]`.

use ipnet::IpNet;

use super::{ClientIdentity, NetworkConfig, allowed_network, pem};
use crate::config::allow::{AllowList, AllowRule};
use crate::config::document::{TomlEntry, TomlTable, ValueSources};
use crate::config::error::Problem;
use crate::config::policy::{OperatorBounds, PolicyPlace};
use crate::config::range::Range;
use crate::config::settings::{FileSetting, Settings};

/// The limit on redirects, more than any API needs; browsers stop at this number, too.
const MAX_REDIRECTS: u32 = 20;

/// The limit on connections, more than any API accepts from one client.
const MAX_CONNECTIONS: usize = 1024;

impl NetworkConfig {
    /// Reads `[network]`. A missing key has its default. An invalid value becomes a problem and counts as missing.
    pub(in crate::config) fn read(
        table: &mut TomlTable<'_>,
        sources: &ValueSources<'_>,
        bounds: &OperatorBounds,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let defaults = Self::default();
        let mut settings = Settings::new(table, sources, problems);
        Self {
            allow: allow(&mut settings, bounds),
            allow_networks: allow_networks(&mut settings, bounds),
            follow_redirects: settings.count(
                "follow-redirects",
                defaults.follow_redirects,
                0..=MAX_REDIRECTS,
            ),
            upgrade_http: settings.flag("upgrade-http"),
            title_case: settings.flag("title-case"),
            traceparent: settings.flag("traceparent"),
            connect_timeout: settings.time(
                "connect-timeout",
                defaults.connect_timeout,
                Range::TIME,
            ),
            first_byte_timeout: settings.time(
                "first-byte-timeout",
                defaults.first_byte_timeout,
                Range::TIME,
            ),
            idle_timeout: settings.time("idle-timeout", defaults.idle_timeout, Range::TIME),
            total_timeout: settings.time("total-timeout", defaults.total_timeout, Range::TIME),
            connections: settings.count("connections", defaults.connections, 1..=MAX_CONNECTIONS),
            roots: match settings.file("roots", pem::roots) {
                FileSetting::Read(_, roots) => roots,
                FileSetting::NotSet | FileSetting::Wrong => Vec::new(),
            },
            identity: identity(&mut settings),
        }
    }
}

fn allow(settings: &mut Settings<'_, '_, '_>, bounds: &OperatorBounds) -> AllowList {
    let entry = settings.entry("allow");
    let written = entry
        .and_then(|entry| entry.items())
        .map(|items| items.len());
    let rules = settings.list(
        "allow",
        ("rule", "https://api.example.com"),
        str::parse::<AllowRule>,
    );
    for (entry, rule) in &rules {
        if let Err(place) = bounds.policy.permits_rule(rule) {
            settings.note(beyond(entry, place, "no rule there covers this one"));
        }
        let address = rule
            .literal_address()
            .filter(|address| (bounds.is_special)(*address));
        if let Some(address) = address
            && let Err(place) = bounds
                .policy
                .permits_network(&address.to_canonical().into())
        {
            settings.note(beyond(
                entry,
                place,
                "no network there contains this address",
            ));
        }
    }
    let rules = without_overlaps(settings, rules, AllowRule::covers);
    match written {
        // A list of which nothing is valid counts as not set.
        Some(count) if count == 0 || !rules.is_empty() => rules.into_iter().collect(),
        _ => AllowList::default(),
    }
}

fn allow_networks(settings: &mut Settings<'_, '_, '_>, bounds: &OperatorBounds) -> Vec<IpNet> {
    let networks = settings.list(
        "allow-networks",
        ("network", "10.1.0.0/16"),
        allowed_network::parse,
    );
    for (entry, network) in &networks {
        if let Err(place) = bounds.policy.permits_network(network) {
            settings.note(beyond(entry, place, "no network there contains this one"));
        }
    }
    without_overlaps(settings, networks, |outer, inner| outer.contains(inner))
}

/// The problem that a value goes beyond the operator's policy.
fn beyond(entry: &TomlEntry<'_>, place: &PolicyPlace, why: &str) -> Problem {
    Problem {
        is_beyond_policy: true,
        ..entry.problem(format!(
            "goes beyond the operator's policy, {place}: {why}; narrow it, or ask the operator to permit it"
        ))
    }
}

/// The values of a list. A value that another one covers is a mistake: someone who narrows or removes it later would
/// expect an effect.
fn without_overlaps<T>(
    settings: &mut Settings<'_, '_, '_>,
    values: Vec<(TomlEntry<'_>, T)>,
    covers: impl Fn(&T, &T) -> bool,
) -> Vec<T> {
    for (index, (entry, value)) in values.iter().enumerate() {
        let covering = values.iter().enumerate().find(|(other_index, (_, other))| {
            // Of two equal values, the later one is redundant.
            index != *other_index
                && covers(other, value)
                && (*other_index < index || !covers(value, other))
        });
        if let Some((_, (other, _))) = covering {
            let message = format!("already permitted by {}: remove one of them", other.place());
            settings.note(entry.problem(message));
        }
    }
    values.into_iter().map(|(_, value)| value).collect()
}

fn identity(settings: &mut Settings<'_, '_, '_>) -> Option<ClientIdentity> {
    let chain = settings.file("client-certificate", pem::chain);
    let key = settings.file("client-key", pem::private_key);
    let problem = match (chain, key) {
        (FileSetting::Read(_, chain), FileSetting::Read(entry, key)) => {
            match ClientIdentity::new(chain, key) {
                Ok(identity) => return Some(identity),
                Err(error) => entry.problem(error.to_string()),
            }
        }
        (FileSetting::Read(entry, _), FileSetting::NotSet) => {
            entry.problem("`client-key` is missing: write its file, which may be the same one")
        }
        (FileSetting::NotSet, FileSetting::Read(entry, _)) => entry
            .problem("`client-certificate` is missing: write its file, which may be the same one"),
        (FileSetting::NotSet, FileSetting::NotSet)
        | (FileSetting::Wrong, _)
        | (_, FileSetting::Wrong) => return None,
    };
    settings.note(problem);
    None
}

#[cfg(test)]
mod tests {
    use std::env::VarError;
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use super::super::fixtures::{AUTHORITY, AUTHORITY_KEY, CLIENT, CLIENT_KEY};
    use super::*;
    use crate::config::ceilings::Ceilings;
    use crate::config::document::Document;
    use crate::config::reading::SystemFiles;

    /// The result of reading a section, in a folder with PEM files.
    fn read(text: &str) -> (NetworkConfig, Vec<String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let files = [
            ("ca.pem", AUTHORITY.to_owned()),
            ("cas.pem", format!("{AUTHORITY}{CLIENT}")),
            ("chain.pem", format!("{CLIENT}{AUTHORITY}")),
            ("key.pem", CLIENT_KEY.to_owned()),
            ("other-key.pem", AUTHORITY_KEY.to_owned()),
            ("both.pem", format!("{CLIENT}{CLIENT_KEY}")),
            ("empty.pem", String::new()),
        ];
        for (name, content) in files {
            fs::write(folder.path().join(name), content).expect(name);
        }
        let path = folder.path().join("beers.toml");
        let variable = |name: &str| match name {
            "CA" => Ok("ca.pem".to_owned()),
            "CA_ITSELF" => Ok(AUTHORITY.to_owned()),
            "NETWORK" => Ok("10.1.0.0/16".to_owned()),
            _ => Err(VarError::NotPresent),
        };
        let document = Document::parse(text).expect(text);
        let sources = ValueSources::new(Path::new(&path), &variable, &SystemFiles);
        let mut problems = Vec::new();
        let bounds = OperatorBounds::without_policy(Ceilings::default());
        let config = NetworkConfig::read(&mut document.root(), &sources, &bounds, &mut problems);
        (config, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_key_can_be_set() {
        let (config, problems) = read(
            r#"
            allow = ["https://api.example.com"]
            allow-networks = [{ env = "NETWORK" }, "fd00::/8"]
            follow-redirects = 20
            upgrade-http = true
            title-case = true
            traceparent = true
            connect-timeout = "1ms"
            first-byte-timeout = "2s"
            idle-timeout = "3m"
            total-timeout = "4h"
            connections = 1024
            roots = "cas.pem"
            client-certificate = "chain.pem"
            client-key = "key.pem"
            "#,
        );
        assert_eq!(problems, [""; 0]);
        let identity = config.identity.clone().expect("an identity");
        assert_eq!((config.roots.len(), identity.chain.len()), (2, 2));
        let expected = NetworkConfig {
            allow: ["https://api.example.com".parse().expect("a rule")]
                .into_iter()
                .collect(),
            allow_networks: ["10.1.0.0/16", "fd00::/8"]
                .map(|network| network.parse().expect(network))
                .into(),
            follow_redirects: 20,
            upgrade_http: true,
            title_case: true,
            traceparent: true,
            connect_timeout: Duration::from_millis(1),
            first_byte_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(3 * 60),
            total_timeout: Duration::from_secs(4 * 60 * 60),
            connections: 1024,
            roots: config.roots.clone(),
            identity: Some(identity),
        };
        assert_eq!(config, expected);
        assert_eq!(read(""), (NetworkConfig::default(), vec![]));
    }

    #[test]
    fn a_pem_file_can_be_given_in_three_ways() {
        let expected = read("roots = 'ca.pem'");
        assert_eq!((expected.0.roots.len(), expected.1.len()), (1, 0));
        for value in ["{ file = 'ca.pem' }", "{ env = 'CA' }"] {
            assert_eq!(read(&format!("roots = {value}")), expected, "{value}");
        }
        let (config, problems) = read("client-certificate = 'both.pem'\nclient-key = 'both.pem'");
        assert_eq!((config.identity.is_some(), problems), (true, vec![]));
    }

    #[test]
    fn invalid_values_are_refused_with_the_right_form() {
        let redirects = "expected a whole number from 0 to 20";
        let connections = "expected a whole number from 1 to 1024";
        let cases = [
            ("allow = 'x'", "allow: expected a list of rules such as [\"https://api.example.com\"], found a string".to_owned()),
            ("allow = [1]", "allow[0]: expected a rule such as \"https://api.example.com\", found an integer".to_owned()),
            ("allow-networks = '10.1.0.0/16'", "allow-networks: expected a list of networks such as [\"10.1.0.0/16\"], found a string".to_owned()),
            ("allow-networks = [10]", "allow-networks[0]: expected a network such as \"10.1.0.0/16\", found an integer".to_owned()),
            ("allow-networks = ['10.1.2.3/16']", "allow-networks[0]: the address has bits set after its prefix: write \"10.1.0.0/16\"".to_owned()),
            ("follow-redirects = 21", format!("follow-redirects: out of range: {redirects}")),
            ("follow-redirects = true", format!("follow-redirects: {redirects}, found a boolean")),
            ("upgrade-http = 1", "upgrade-http: expected true or false, found an integer".to_owned()),
            ("title-case = 'yes'", "title-case: expected true or false, found a string".to_owned()),
            ("connections = 0", format!("connections: out of range: {connections}")),
            ("connections = 1025", format!("connections: out of range: {connections}")),
            ("connect-timeout = '0s'", "connect-timeout: too small: write at least \"1ms\"".to_owned()),
            ("first-byte-timeout = 'off'", "first-byte-timeout: not a time: write a number and a unit (ms, s, m or h) such as \"500ms\", \"55s\" or \"2h\"".to_owned()),
            ("idle-timeout = 30", "idle-timeout: expected a time such as \"55s\", found an integer".to_owned()),
            ("total-timeout = '9000h'", "total-timeout: too long: write at most a year, \"8760h\"".to_owned()),
            ("roots = ['ca.pem']", "roots: expected the path of a file, found a list".to_owned()),
            ("roots = 'empty.pem'", "roots: the file has no certificate in PEM, which begins with \"-----BEGIN CERTIFICATE-----\"".to_owned()),
            ("roots = 'none.pem'", "roots: the file \"none.pem\" cannot be read: No such file or directory (os error 2)".to_owned()),
            ("roots = '''\n-----BEGIN CERTIFICATE-----'''", "roots: write the path of a file, not its content".to_owned()),
            ("roots = { env = 'NONE' }", "roots: the environment variable \"NONE\" is not set".to_owned()),
            ("client-certificate = 'chain.pem'", "client-certificate: `client-key` is missing: write its file, which may be the same one".to_owned()),
            ("client-key = 'key.pem'", "client-key: `client-certificate` is missing: write its file, which may be the same one".to_owned()),
            ("client-key = 'chain.pem'", "client-key: the file has no private key in PEM, which begins with \"-----BEGIN PRIVATE KEY-----\": if it is encrypted, decrypt it first".to_owned()),
            ("client-key = 'other-key.pem'\nclient-certificate = 'chain.pem'", "client-key: the private key does not belong to the first certificate of `client-certificate`".to_owned()),
        ];
        for (text, expected) in cases {
            let (config, problems) = read(text);
            assert_eq!(problems, [format!("1: {expected}")], "{text}");
            assert_eq!(config, NetworkConfig::default(), "{text}");
        }
    }

    #[test]
    fn a_variable_with_pem_instead_of_a_path_is_not_shown() {
        let (_, problems) = read("roots = { env = 'CA_ITSELF' }");
        let [problem] = problems.as_slice() else {
            panic!("{problems:?}")
        };
        assert!(
            problem.starts_with("1: roots: the file named by the environment variable \"CA_ITSELF\" cannot be read: "),
            "{problem}"
        );
        assert!(!problem.contains("MII"), "{problem}");
    }

    #[test]
    fn a_value_that_another_covers_is_a_mistake() {
        let cases = [
            (
                "allow = ['https://one.example', 'https://two.example', 'https://ONE.example:443/']",
                vec!["1: allow[2]: already permitted by allow[0] on line 1: remove one of them"],
            ),
            (
                "allow = ['GET https://a.example.com/v1',\n 7,\n 'https://*.example.com']",
                vec![
                    "2: allow[1]: expected a rule such as \"https://api.example.com\", found an integer",
                    "1: allow[0]: already permitted by allow[2] on line 3: remove one of them",
                ],
            ),
            (
                "allow-networks = ['10.1.0.0/16', '10.0.0.0/8', '11.0.0.0/8', '11.0.0.0/8']",
                vec![
                    "1: allow-networks[0]: already permitted by allow-networks[1] on line 1: remove one of them",
                    "1: allow-networks[3]: already permitted by allow-networks[2] on line 1: remove one of them",
                ],
            ),
            (
                "allow-networks = ['10.0.0.0/8', 'fd00::/8', '::/0', '11.0.0.0/8']",
                vec![
                    "1: allow-networks[1]: already permitted by allow-networks[2] on line 1: remove one of them",
                ],
            ),
            (
                "allow = ['GET https://a.example', 'POST https://a.example', 'http://a.example']",
                vec![],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).1, expected, "{text}");
        }
    }
}
