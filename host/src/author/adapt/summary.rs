//! What has been made, and the closing words about it.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::findings::{FoundVariable, FunctionFindings};
use super::settings::{self, USUAL_PLACE};
use crate::config::ConnectorName;

/// A folder that `build` takes.
#[derive(Debug)]
pub(crate) struct AdaptedFunction {
    pub(crate) folder: PathBuf,
    pub(crate) name: ConnectorName,
    pub(super) findings: FunctionFindings,
    /// The text of `NAME.toml` if it was there before, and has been left alone.
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
            place: "main.py, line 3".to_owned(),
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

    /// What was found and what is left to do, a line each: a word, and what it is about.
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
                    "{}: set them where the host runs, or the connector does not load",
                    names(&needed)
                ),
            ));
        }
        if !with_default.is_empty() {
            lines.push((
                "optional",
                format!(
                    "{}: to set one, take the # from its line in {}",
                    names(&with_default),
                    self.name.config_file()
                ),
            ));
        }
        lines.push((
            "key",
            match &findings.key_variable {
                Some(key) => format!(
                    "the function wants {key} in {}, and gets it from the host; nothing to set",
                    findings.key_place.as_deref().unwrap_or(USUAL_PLACE)
                ),
                None => format!(
                    "no check of a key found; if the function has one, name its variable with --key-variable, and it \
                     gets that in {USUAL_PLACE}"
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
                "none found; add them to [network] allow".to_owned()
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
            lines.push(("settings", self.words_about(kept)));
        }
        for note in &findings.notes {
            lines.push(("note", note.clone()));
        }
        lines
    }

    /// What to do about a `NAME.toml` that was there before.
    fn words_about(&self, kept: &str) -> String {
        let file = self.name.config_file();
        let mut words = format!("{file} was there, and is left as it is");
        let missing = settings::missing(kept, &self.findings);
        if !missing.is_empty() {
            // Writing to a text can't fail.
            let _ = write!(words, "; add to it: {}", missing.join(", "));
        }
        if let Some(key) = self.findings.key_variable.as_deref()
            && settings::names(kept, key)
        {
            let _ = write!(words, "; delete the line for {key} in its section [env]");
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::adapt::findings::FoundHost;

    #[test]
    fn needed_variables_are_to_be_set_and_optional_ones_may_be() {
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
                key_place: Some("the argument key of the URL".to_owned()),
                variables: vec![variable("TOKEN", false), variable("DEBUG", true)],
                ..FunctionFindings::default()
            },
            kept_settings: None,
        };
        let lines = adapted.summary();
        for expected in [
            (
                "variables",
                "TOKEN: set them where the host runs, or the connector does not load",
            ),
            (
                "optional",
                "DEBUG: to set one, take the # from its line in shop.toml",
            ),
            (
                "key",
                "the function wants KEY in the argument key of the URL, and gets it from the host; nothing to set",
            ),
        ] {
            let expected = (expected.0, expected.1.to_owned());
            assert!(lines.contains(&expected), "{expected:?}: {lines:?}");
        }
    }

    #[test]
    fn settings_that_are_kept_are_told_with_what_they_lack() {
        let told = |kept: &str| {
            let mut adapted = AdaptedFunction::with_variables(&["API_TOKEN"]);
            adapted.findings.key_variable = Some("API_KEY".to_owned());
            adapted.findings.hosts = ["https://api.example.com", "https://other.example"]
                .map(|origin| FoundHost {
                    origin: origin.to_owned(),
                    place: "main.py, line 9".to_owned(),
                })
                .into();
            adapted.kept_settings = Some(kept.to_owned());
            let lines = adapted.summary();
            let settings = lines.into_iter().find(|(word, _)| *word == "settings");
            settings.map(|(_, words)| words).unwrap()
        };
        let kept = "shop.toml was there, and is left as it is";
        let whole = "[env]\nAPI_TOKEN = { env = \"T\" }\n[network]\nallow = [\"GET https://*.example.com/v1\", \"https://other.example\"]\n";
        assert_eq!(told(whole), kept);
        let with_key = whole.replace("[env]", "[env]\nAPI_KEY = \"k\"\n# a comment");
        let delete = "; delete the line for API_KEY in its section [env]";
        assert_eq!(told(&with_key), format!("{kept}{delete}"));
        let add = "API_TOKEN in [env] (main.py, line 3), https://api.example.com in [network] allow (main.py, line 9), \
                   https://other.example in [network] allow (main.py, line 9)";
        assert_eq!(told(""), format!("{kept}; add to it: {add}"));
        // Whoever wrote it has to mend it first; the build says so.
        assert_eq!(told("[env"), kept);
    }
}
