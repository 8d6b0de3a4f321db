//! The adapted function, and the summary of it.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::findings::{FoundVariable, FunctionFindings};
use super::settings::{self, USUAL_PLACE};
use crate::config::ConnectorName;

/// An adapted function in a folder that `build` accepts.
#[derive(Debug)]
pub(crate) struct AdaptedFunction {
    pub(crate) folder: PathBuf,
    pub(crate) name: ConnectorName,
    pub(super) findings: FunctionFindings,
    /// The text of `NAME.toml` if it already existed and was left alone.
    pub(super) kept_settings: Option<String>,
}

impl AdaptedFunction {
    /// The variables that the source reads, each with its place.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let variables = self.findings.variables.iter();
        variables.map(|found| (found.name.as_str(), found.place.as_str()))
    }

    #[cfg(test)]
    pub(crate) fn with_variables(names: &[&str]) -> Self {
        let variable = |name: &&str| FoundVariable {
            name: (*name).to_owned(),
            place: "main.py:3".to_owned(),
            has_default: false,
        };
        Self {
            folder: PathBuf::from("shop"),
            name: "shop".parse().expect("a name"),
            findings: FunctionFindings {
                variables: names.iter().map(variable).collect(),
                ..FunctionFindings::default()
            },
            kept_settings: None,
        }
    }

    /// The summary: what was found and what is left to do. Each line has a label and a text.
    pub(crate) fn summary(&self) -> Vec<(&'static str, String)> {
        let findings = &self.findings;
        let mut lines = vec![("entry", findings.entry.clone())];
        let (needed, with_default): (Vec<_>, Vec<_>) = findings
            .variables
            .iter()
            .partition(|variable| !variable.has_default);
        let names = |variables: &[&FoundVariable]| {
            let names: Vec<_> = variables.iter().map(|found| found.name.as_str()).collect();
            names.join(", ")
        };
        if !needed.is_empty() {
            lines.push((
                "variables",
                format!(
                    "{}: set them in the host's environment, or the connector does not load",
                    names(&needed)
                ),
            ));
        }
        if !with_default.is_empty() {
            lines.push((
                "optional",
                format!(
                    "{}: to set one, uncomment its line in {}",
                    names(&with_default),
                    self.name.config_file()
                ),
            ));
        }
        lines.push((
            "key",
            match &findings.key_variable {
                Some(key) => format!(
                    "the function expects {key} in {}; the host sets and sends it, so there is nothing to do",
                    findings.key_place.as_deref().unwrap_or(USUAL_PLACE)
                ),
                None => format!(
                    "no check of a key was found; if the function has one, name its variable with --key-variable, and the host \
                     sends the key in {USUAL_PLACE}"
                ),
            },
        ));
        let hosts: Vec<_> = findings
            .hosts
            .iter()
            .map(|host| host.origin.as_str())
            .collect();
        lines.push((
            "hosts",
            if hosts.is_empty() {
                "none were found; add them to [network] allow".to_owned()
            } else {
                hosts.join(", ")
            },
        ));
        for note in &findings.not_literal {
            lines.push(("not found", note.clone()));
        }
        if !findings.packages.is_empty() {
            lines.push(("packages", findings.packages.join(", ")));
        }
        if let Some(kept) = &self.kept_settings {
            lines.push(("settings", self.settings_note(kept)));
        }
        for note in &findings.notes {
            lines.push(("note", note.clone()));
        }
        lines
    }

    /// The note about an existing `NAME.toml`, with what to add to it.
    fn settings_note(&self, kept: &str) -> String {
        let file = self.name.config_file();
        let mut note = format!("{file} already existed and was not changed");
        let missing = settings::missing(kept, &self.findings);
        if !missing.is_empty() {
            // Writing to a string can't fail.
            let _ = write!(note, "; add to it: {}", missing.join(", "));
        }
        if let Some(key) = self.findings.key_variable.as_deref()
            && settings::names(kept, key)
        {
            let _ = write!(note, "; delete the line for {key} in its section [env]");
        }
        note
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::adapt::findings::FoundHost;

    #[test]
    fn required_and_optional_variables_have_their_own_lines() {
        let variable = |name: &str, has_default| FoundVariable {
            name: name.to_owned(),
            place: String::new(),
            has_default,
        };
        let adapted = AdaptedFunction {
            folder: PathBuf::from("shop"),
            name: "shop".parse().unwrap(),
            findings: FunctionFindings {
                key_variable: Some("KEY".to_owned()),
                key_place: Some("the query parameter key".to_owned()),
                variables: vec![variable("TOKEN", false), variable("DEBUG", true)],
                ..FunctionFindings::default()
            },
            kept_settings: None,
        };
        let lines = adapted.summary();
        for expected in [
            (
                "variables",
                "TOKEN: set them in the host's environment, or the connector does not load",
            ),
            (
                "optional",
                "DEBUG: to set one, uncomment its line in shop.toml",
            ),
            (
                "key",
                "the function expects KEY in the query parameter key; the host sets and sends it, so there is nothing to do",
            ),
        ] {
            let expected = (expected.0, expected.1.to_owned());
            assert!(lines.contains(&expected), "{expected:?}: {lines:?}");
        }
    }

    #[test]
    fn existing_settings_are_reported_with_what_they_lack() {
        let note_for = |kept: &str| {
            let mut adapted = AdaptedFunction::with_variables(&["API_TOKEN"]);
            adapted.findings.key_variable = Some("API_KEY".to_owned());
            adapted.findings.hosts = ["https://api.example.com", "https://other.example"]
                .map(|origin| FoundHost {
                    origin: origin.to_owned(),
                    place: "main.py:9".to_owned(),
                })
                .into();
            adapted.kept_settings = Some(kept.to_owned());
            let lines = adapted.summary();
            let settings = lines.into_iter().find(|(word, _)| *word == "settings");
            settings.map(|(_, note)| note).unwrap()
        };
        let kept = "shop.toml already existed and was not changed";
        let whole = "[env]\nAPI_TOKEN = { env = \"T\" }\n[network]\nallow = [\"GET https://*.example.com/v1\", \"https://other.example\"]\n";
        assert_eq!(note_for(whole), kept);
        let with_key = whole.replace("[env]", "[env]\nAPI_KEY = \"k\"\n# a comment");
        let delete = "; delete the line for API_KEY in its section [env]";
        assert_eq!(note_for(&with_key), format!("{kept}{delete}"));
        let add = "API_TOKEN in [env] (main.py:3), https://api.example.com in [network] allow (main.py:9), \
                   https://other.example in [network] allow (main.py:9)";
        assert_eq!(note_for(""), format!("{kept}; add to it: {add}"));
        // Its author must fix it first; the build reports the error.
        assert_eq!(note_for("[env"), kept);
    }
}
