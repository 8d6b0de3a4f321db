//! Writes `NAME.toml` from the findings.

use std::fmt::Write as _;

use serde_json::Value;
use toml::Spanned;
use toml::de::DeTable;

use super::findings::FunctionFindings;

/// Where functions usually look for a key.
pub(super) const USUAL_PLACE: &str = "the header authorization";

/// The text of `NAME.toml`.
pub(super) fn text(name: &str, findings: &FunctionFindings) -> String {
    let mut text = format!(
        "# Place this file next to {name}.wasm in the plugins folder. Generated from the source by `weld-host adapt`.\n"
    );
    // Writing to a string can't fail.
    let _ = variables(&mut text, findings);
    let _ = hosts(&mut text, findings);
    for hint in &findings.hints {
        let _ = writeln!(text, "\n# {}", hint.replace('\n', "\n# "));
    }
    text
}

/// The findings that an existing `NAME.toml` lacks, each with the section to add it to. Empty if the file is not TOML.
pub(super) fn missing(kept: &str, findings: &FunctionFindings) -> Vec<String> {
    let Ok(file) = DeTable::parse(kept) else {
        return Vec::new();
    };
    let env = table(&file, "env");
    let allow = table(&file, "network").and_then(|network| network.get("allow"));
    let rules = allow.and_then(|rules| rules.get_ref().as_array());
    let rules: Vec<&str> = rules
        .into_iter()
        .flat_map(|rules| rules.iter().filter_map(|rule| rule.get_ref().as_str()))
        .collect();
    let variables = findings.variables.iter().filter(|variable| {
        !variable.has_default && env.is_none_or(|env| !env.contains_key(variable.name.as_str()))
    });
    let hosts = findings
        .hosts
        .iter()
        .filter(|host| !rules.iter().any(|rule| permits(rule, &host.origin)));
    let variables = variables.map(|found| format!("{} in [env] ({})", found.name, found.place));
    let hosts = hosts.map(|found| format!("{} in [network] allow ({})", found.origin, found.place));
    variables.chain(hosts).collect()
}

/// Whether an existing `NAME.toml` sets a variable.
pub(super) fn names(kept: &str, variable: &str) -> bool {
    let file = DeTable::parse(kept).ok();
    let env = file.as_ref().and_then(|file| table(file, "env"));
    env.is_some_and(|env| env.contains_key(variable))
}

fn table<'t>(file: &'t Spanned<DeTable<'_>>, section: &str) -> Option<&'t DeTable<'t>> {
    file.get_ref().get(section)?.get_ref().as_table()
}

/// Whether a rule is for an origin, with any methods and paths.
fn permits(rule: &str, origin: &str) -> bool {
    let url = rule.rsplit(' ').next().unwrap_or_default();
    let is_origin = |rest: &str| rest.is_empty() || rest.starts_with('/');
    if url.strip_prefix(origin).is_some_and(is_origin) {
        return true;
    }
    let Some((scheme, parent)) = url.split_once("://*.") else {
        return false;
    };
    let parent = parent.split('/').next().unwrap_or_default();
    origin
        .strip_prefix(scheme)
        .and_then(|host| host.strip_prefix("://"))
        .and_then(|host| host.strip_suffix(parent))
        .is_some_and(|below| below.ends_with('.'))
}

fn variables(text: &mut String, findings: &FunctionFindings) -> std::fmt::Result {
    writeln!(text, "\n[env]")?;
    if let Some(key) = &findings.key_variable {
        writeln!(
            text,
            "# {key} is the function's own key. The host sets it and sends it in {}; don't set it here.",
            findings.key_place.as_deref().unwrap_or(USUAL_PLACE)
        )?;
    }
    for variable in &findings.variables {
        let (name, place) = (&variable.name, &variable.place);
        let value = quoted(name);
        let key = key(name);
        if variable.has_default {
            writeln!(
                text,
                "# {key} = {{ env = {value} }}    # optional: {place}; the function works without it"
            )?;
        } else {
            writeln!(text, "{key} = {{ env = {value} }}    # {place}")?;
        }
    }
    Ok(())
}

fn hosts(text: &mut String, findings: &FunctionFindings) -> std::fmt::Result {
    writeln!(text, "\n[network]\nallow = [")?;
    for host in &findings.hosts {
        let origin = quoted(&host.origin);
        writeln!(text, "    {origin},    # {}", host.place)?;
    }
    writeln!(text, "]")?;
    for note in &findings.not_literal {
        writeln!(text, "# Not found, since it is not a literal: {note}")?;
    }
    Ok(())
}

/// Quotes a text. TOML's basic strings accept the same characters as JSON's strings, except for the delete character.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned())
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

/// A key, bare if TOML allows it.
fn key(name: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::adapt::findings::{FoundHost, FoundVariable};
    use toml::de::DeValue;

    fn named<'a>(env: &'a DeValue<'_>, name: &str) -> Option<&'a str> {
        env.get(name)?.get_ref().get("env")?.get_ref().as_str()
    }

    #[test]
    fn settings_contain_all_findings_and_are_toml() {
        let variable = |name: &str, has_default| FoundVariable {
            name: name.to_owned(),
            place: "main.py:3".to_owned(),
            has_default,
        };
        let findings = FunctionFindings {
            key_variable: Some("WELD_API_KEY".to_owned()),
            key_place: Some("the header x-api-key".to_owned()),
            variables: vec![
                variable("API_TOKEN", false),
                variable("REGION", true),
                variable("odd name", false),
            ],
            hosts: vec![FoundHost {
                origin: "https://api.example.com".to_owned(),
                place: "main.py:9".to_owned(),
            }],
            not_literal: vec!["main.py:12: os.environ[name]".to_owned()],
            hints: vec!["first line\nsecond line".to_owned()],
            ..FunctionFindings::default()
        };
        let text = text("shop", &findings);
        let read = DeTable::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let env = read.get_ref()["env"].get_ref();
        assert_eq!(named(env, "API_TOKEN"), Some("API_TOKEN"));
        assert_eq!(named(env, "odd name"), Some("odd name"));
        assert_eq!(
            env.as_table().unwrap().len(),
            2,
            "an optional variable doesn't prevent loading: {text}"
        );
        let allow = read.get_ref()["network"].get_ref()["allow"].get_ref();
        assert_eq!(allow[0].get_ref().as_str(), Some("https://api.example.com"));
        for words in [
            "# REGION = { env = \"REGION\" }    # optional: main.py:3;",
            "# Not found, since it is not a literal: main.py:12: os.environ[name]",
            "# first line\n# second line\n",
            "WELD_API_KEY is the function's own key. The host sets it and sends it in the header x-api-key;",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }

    #[test]
    fn function_without_variables_and_hosts_gets_empty_sections() {
        let text = text("shop", &FunctionFindings::default());
        let read = DeTable::parse(&text).unwrap();
        let allow = read.get_ref()["network"].get_ref()["allow"].get_ref();
        assert!(
            read.get_ref()["env"]
                .get_ref()
                .as_table()
                .unwrap()
                .is_empty()
        );
        assert!(allow.as_array().unwrap().is_empty());
    }
}
