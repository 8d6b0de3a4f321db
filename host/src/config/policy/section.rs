//! Reads section `[policy]`, and shows it.

use std::path::Path;
use std::sync::Arc;

use super::bound::{ConnectorGrant, ConnectorGrants, PolicyBound, SecretPlace, VariablePattern};
use super::{Policy, PolicyPlace};
use crate::config::allow::AllowRule;
use crate::config::document::{TomlEntry, TomlTable, ValueSources};
use crate::config::error::Problem;
use crate::config::network::parse_network;
use crate::config::settings::Settings;

impl Policy {
    /// Reads the section of the file at `path`. An invalid value becomes a problem and counts as missing.
    pub(in crate::config) fn read(
        mut table: TomlTable<'_>,
        path: &Path,
        sources: &ValueSources<'_>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut reader = PolicyReader {
            file: path.into(),
            sources,
            settings: Settings::new(&mut table, sources, problems),
        };
        let policy = reader.policy();
        problems.extend(table.unknown());
        policy
    }

    /// Its keys with their places, and their values as the file writes them.
    #[must_use]
    pub fn lines(&self) -> Vec<(&PolicyPlace, &str)> {
        let bounds = [
            self.origins.as_ref().map(PolicyBound::line),
            self.networks.as_ref().map(PolicyBound::line),
            self.variables.as_ref().map(PolicyBound::line),
            self.secret_files.as_ref().map(PolicyBound::line),
            self.no_wasi_http.as_ref().map(|place| (place, "false")),
            self.require_key.as_ref().map(|place| (place, "true")),
        ];
        bounds.into_iter().flatten().collect()
    }
}

struct PolicyReader<'r, 'd, 's> {
    file: Arc<Path>,
    sources: &'r ValueSources<'s>,
    settings: Settings<'r, 'd, 's>,
}

impl PolicyReader<'_, '_, '_> {
    fn policy(&mut self) -> Policy {
        Policy {
            origins: self.list("origins", ("rule", "https://*.example.com"), |text| {
                text.parse::<AllowRule>().map_err(|error| error.to_string())
            }),
            networks: self.list("networks", ("network", "10.1.0.0/16"), |text| {
                parse_network(text).map_err(|error| error.to_string())
            }),
            variables: self.grants("variables", |text| Ok(VariablePattern(text.to_owned()))),
            secret_files: self.grants("secret-files", {
                let sources = self.sources;
                move |text| match sources.path(text) {
                    path if text.is_empty() => Err(format!(
                        "the path is empty: write that of a file, or of a folder such as \"{}\"",
                        path.join("secrets").display()
                    )),
                    path => Ok(SecretPlace(path)),
                }
            }),
            no_wasi_http: self.switch("wasi-http", false),
            require_key: self.switch("require-key", true),
        }
    }

    fn place(&self, key: &str, entry: &TomlEntry<'_>) -> PolicyPlace {
        PolicyPlace::new(self.file.clone(), format!("policy.{key}"), entry.line())
    }

    /// The place of a key whose value is `wanted`.
    fn switch(&mut self, key: &'static str, wanted: bool) -> Option<PolicyPlace> {
        let entry = self.settings.entry(key)?;
        let value = self.settings.flag_if_valid(key)?;
        (value == wanted).then(|| self.place(key, &entry))
    }

    fn list<T, C: FromIterator<T>>(
        &mut self,
        key: &'static str,
        expected: (&str, &str),
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<PolicyBound<C>> {
        let entry = self.settings.entry(key)?;
        let items = self.settings.list(key, expected, parse);
        Some(PolicyBound {
            shown: shown(items.iter().map(|(entry, _)| entry)),
            permitted: items.into_iter().map(|(_, item)| item).collect(),
            place: self.place(key, &entry),
        })
    }

    /// A table of lists, by the names of connectors.
    fn grants<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<PolicyBound<ConnectorGrants<T>>> {
        let entry = self.settings.entry(key)?;
        let place = self.place(key, &entry);
        let table = match entry.table() {
            Ok(table) => table,
            Err(problem) => {
                self.settings.note(problem);
                return None;
            }
        };
        let (mut grants, mut texts) = (ConnectorGrants::new(), Vec::new());
        for (connectors, entry) in table.into_entries() {
            let mut permitted = Vec::new();
            let Some(items) = entry.items() else {
                self.settings.note(entry.mismatch("a list of strings"));
                continue;
            };
            texts.push(format!("{connectors:?} = {}", shown(items.iter())));
            for item in items {
                let parsed = self
                    .sources
                    .text(&item, "a string")
                    .and_then(|text| parse(&text).map_err(|message| item.problem(message)));
                match parsed {
                    Ok(parsed) => permitted.push(parsed),
                    Err(problem) => self.settings.note(problem),
                }
            }
            let place = PolicyPlace::new(
                self.file.clone(),
                format!("policy.{key}.{connectors}"),
                entry.line(),
            );
            grants.push(ConnectorGrant::new(connectors.to_owned(), permitted, place));
        }
        Some(PolicyBound {
            permitted: grants,
            place,
            shown: format!("{{ {} }}", texts.join(", ")),
        })
    }
}

/// The strings of a list as the file writes them. Those from variables and files are not shown.
fn shown<'d: 'e, 'e>(items: impl Iterator<Item = &'e TomlEntry<'d>>) -> String {
    let texts = items.map(|item| match item.as_str() {
        Some(text) => format!("{text:?}"),
        None => "[secret]".to_owned(),
    });
    format!("[{}]", Vec::from_iter(texts).join(", "))
}
