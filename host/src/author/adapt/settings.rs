//! `NAME.toml`, from what the source names.

use std::fmt::Write as _;

use serde_json::Value;

use super::findings::FunctionFindings;

/// Where functions look for a key if nothing else is known.
pub(super) const USUAL_PLACE: &str = "the header authorization";

/// The text of a connector's file.
pub(super) fn text(name: &str, findings: &FunctionFindings) -> String {
    let mut text = format!(
        "# Goes beside {name}.wasm, into the folder of plugins. Found in the source by `weld-host adapt`.\n"
    );
    // Writing to a text can't fail.
    let _ = variables(&mut text, findings);
    let _ = hosts(&mut text, findings);
    for hint in &findings.hints {
        let _ = writeln!(text, "\n# {}", hint.replace('\n', "\n# "));
    }
    text
}

fn variables(text: &mut String, findings: &FunctionFindings) -> std::fmt::Result {
    writeln!(text, "\n[env]")?;
    if let Some(key) = &findings.key_variable {
        writeln!(
            text,
            "# {key} is the function's own key: the host sets it, and sends it in {}. None is needed here.",
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
                "# {key} = {{ env = {value} }}    # optional: {place}; the function goes on without it"
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

/// In quotes. TOML's basic strings hold what JSON's strings hold, but for a delete character.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned())
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

/// A bare key where TOML allows one.
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
    use toml::de::{DeTable, DeValue};

    fn named<'a>(env: &'a DeValue<'_>, name: &str) -> Option<&'a str> {
        env.get(name)?.get_ref().get("env")?.get_ref().as_str()
    }

    #[test]
    fn settings_name_all_that_was_found_and_are_toml() {
        let variable = |name: &str, has_default| FoundVariable {
            name: name.to_owned(),
            place: "main.py, line 3".to_owned(),
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
                place: "main.py, line 9".to_owned(),
            }],
            not_literal: vec!["main.py, line 12: os.environ[name]".to_owned()],
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
            "an optional variable keeps no connector from loading: {text}"
        );
        let allow = read.get_ref()["network"].get_ref()["allow"].get_ref();
        assert_eq!(allow[0].get_ref().as_str(), Some("https://api.example.com"));
        for words in [
            "# REGION = { env = \"REGION\" }    # optional: main.py, line 3;",
            "# Not found, since it is not a literal: main.py, line 12: os.environ[name]",
            "# first line\n# second line\n",
            "WELD_API_KEY is the function's own key: the host sets it, and sends it in the header x-api-key.",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }

    #[test]
    fn a_function_that_names_nothing_gets_empty_sections() {
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
