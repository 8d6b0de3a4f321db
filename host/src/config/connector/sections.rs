//! The sections of `NAME.toml`.

use std::collections::BTreeSet;

use super::config::ConnectorConfig;
use crate::config::api_keys;
use crate::config::auth::Credential;
use crate::config::document::{TomlEntry, TomlTable, ValueSources};
use crate::config::error::Problem;
use crate::config::limits::Limits;
use crate::config::network::NetworkConfig;
use crate::config::policy::OperatorBounds;
use crate::config::rate_limit::RateLimitConfig;

/// Reads all sections.
///
/// # Errors
///
/// All problems of the sections, in the order of the file.
pub(super) fn read(
    root: TomlTable<'_>,
    sources: ValueSources<'_>,
    bounds: &OperatorBounds,
) -> Result<ConnectorConfig, Vec<Problem>> {
    match read_usable(root, sources, bounds) {
        (config, problems) if problems.is_empty() => Ok(config),
        (_, problems) => Err(problems),
    }
}

/// Reads what is right in all sections, with all problems in the order of the file.
pub(super) fn read_usable(
    root: TomlTable<'_>,
    sources: ValueSources<'_>,
    bounds: &OperatorBounds,
) -> (ConnectorConfig, Vec<Problem>) {
    let mut reader = SectionReader {
        sources,
        problems: Vec::new(),
    };
    let config = reader.config(root, bounds);
    reader
        .problems
        .sort_by_key(|problem| (problem.line, problem.column));
    (config, reader.problems)
}

/// Reads the sections, and collects their problems.
struct SectionReader<'s> {
    sources: ValueSources<'s>,
    problems: Vec<Problem>,
}

impl SectionReader<'_> {
    fn config(&mut self, mut root: TomlTable<'_>, bounds: &OperatorBounds) -> ConnectorConfig {
        let api_keys =
            root.get("api-key")
                .map(|entry| match api_keys::read(&entry, &self.sources) {
                    Ok(keys) => keys,
                    Err(problems) => {
                        self.problems.extend(problems);
                        Vec::new()
                    }
                });
        let mut secret_env = BTreeSet::new();
        let env = self
            .section(&mut root, "env")
            .map(|table| self.env(table, &mut secret_env));
        let before_network = self.problems.len();
        let network = self.section(&mut root, "network").map(|mut table| {
            let network =
                NetworkConfig::read(&mut table, &self.sources, bounds, &mut self.problems);
            self.problems.extend(table.unknown());
            network
        });
        // Rules in a section with a misspelt name are not missing.
        let is_network_right = self.problems.len() == before_network && !root.misspells("network");
        let network = network.unwrap_or_default();
        let before_auth = self.problems.len();
        let credentials = self.section(&mut root, "auth").map(|table| {
            let allow = is_network_right.then_some(&network.allow);
            Credential::read_all(table, allow, &self.sources, &mut self.problems)
        });
        // An invalid credential may be a renewable one.
        let has_renewable_credential = self.problems.len() > before_auth
            || root.misspells("auth")
            || credentials.iter().flatten().any(Credential::is_renewable);
        let rate_limit = self.section(&mut root, "rate-limit").map(|mut table| {
            let rate_limit = RateLimitConfig::read(
                &mut table,
                &self.sources,
                has_renewable_credential,
                &mut self.problems,
            );
            self.problems.extend(table.unknown());
            rate_limit
        });
        let limits = self.section(&mut root, "limits").map(|mut table| {
            let limits = Limits::read(
                &mut table,
                &self.sources,
                &bounds.ceilings,
                &mut self.problems,
            );
            self.problems.extend(table.unknown());
            limits
        });
        self.problems.extend(root.unknown());
        ConnectorConfig {
            env: env.unwrap_or_default(),
            secret_env,
            network,
            credentials: credentials.unwrap_or_default(),
            rate_limit: rate_limit.unwrap_or_default(),
            limits: limits.unwrap_or_else(|| Limits::within(&bounds.ceilings)),
            api_keys,
        }
    }

    fn section<'d>(
        &mut self,
        root: &mut TomlTable<'d>,
        key: &'static str,
    ) -> Option<TomlTable<'d>> {
        let table = root.get_table(key);
        self.keep(table).flatten()
    }

    /// The variables; the names of secret ones are added to `secret`.
    fn env(
        &mut self,
        table: TomlTable<'_>,
        secret: &mut BTreeSet<String>,
    ) -> Vec<(String, String)> {
        let entries = table.into_entries();
        let variables = entries
            .iter()
            .map(|(name, entry)| {
                let (value, is_secret) = self.variable(name, entry)?;
                if is_secret {
                    secret.insert((*name).to_owned());
                }
                Ok(((*name).to_owned(), value))
            })
            .collect();
        self.keep_all(variables)
    }

    fn variable(&self, name: &str, entry: &TomlEntry<'_>) -> Result<(String, bool), Problem> {
        if name.is_empty() || name.contains(['=', '\0']) {
            let message =
                "a variable's name may not be empty, and may contain neither `=` nor a zero byte";
            return Err(entry.problem(message));
        }
        let (value, is_secret) = self.sources.text_and_secrecy(entry, "a string in quotes")?;
        if value.contains('\0') {
            return Err(entry.problem("a variable's value may not contain a zero byte"));
        }
        Ok((value, is_secret))
    }

    /// The valid values; the others become problems.
    fn keep_all<T>(&mut self, values: Vec<Result<T, Problem>>) -> Vec<T> {
        values
            .into_iter()
            .filter_map(|value| self.keep(value))
            .collect()
    }

    fn keep<T>(&mut self, value: Result<T, Problem>) -> Option<T> {
        value.map_err(|problem| self.problems.push(problem)).ok()
    }
}

#[cfg(test)]
mod tests;
