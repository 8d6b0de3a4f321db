//! What has been made, and the closing words about it.

use std::path::PathBuf;

use super::findings::{FoundVariable, FunctionFindings};
use super::settings::USUAL_PLACE;
use crate::config::ConnectorName;

/// A folder that `build` takes.
#[derive(Debug)]
pub(crate) struct AdaptedFunction {
    pub(crate) folder: PathBuf,
    pub(crate) name: ConnectorName,
    pub(super) findings: FunctionFindings,
    /// Whether `NAME.toml` was there before, and has been left alone.
    pub(super) has_own_settings: bool,
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
            has_own_settings: false,
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
        if let Some(key) = &findings.key_variable {
            lines.push((
                "key",
                format!(
                    "the function wants {key} in {}, and gets it from the host; nothing to set",
                    findings.key_place.as_deref().unwrap_or(USUAL_PLACE)
                ),
            ));
        }
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
        if self.has_own_settings {
            let file = self.name.config_file();
            let key = findings
                .key_variable
                .as_ref()
                .map_or_else(String::new, |key| {
                    format!("; if [env] there has a line for {key}, delete it")
                });
            lines.push((
                "settings",
                format!("{file} was there, and is left as it is{key}"),
            ));
        }
        for note in &findings.notes {
            lines.push(("note", note.clone()));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            has_own_settings: false,
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
    fn a_key_that_is_found_later_may_stand_in_settings_that_are_kept() {
        let adapted = |key_variable: Option<&str>, has_own_settings| AdaptedFunction {
            folder: PathBuf::from("shop"),
            name: "shop".parse().unwrap(),
            findings: FunctionFindings {
                key_variable: key_variable.map(str::to_owned),
                ..FunctionFindings::default()
            },
            has_own_settings,
        };
        let told = |adapted: AdaptedFunction| {
            let lines = adapted.summary();
            let settings = lines.into_iter().find(|(word, _)| *word == "settings");
            settings.map(|(_, words)| words)
        };
        let kept = "shop.toml was there, and is left as it is";
        assert_eq!(told(adapted(None, true)).as_deref(), Some(kept));
        let with_key = format!("{kept}; if [env] there has a line for API_KEY, delete it");
        assert_eq!(told(adapted(Some("API_KEY"), true)), Some(with_key));
        assert_eq!(told(adapted(Some("API_KEY"), false)), None);
    }
}
