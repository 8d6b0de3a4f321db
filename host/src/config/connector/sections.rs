//! The sections of `NAME.toml`.

use std::collections::BTreeSet;

use super::config::ConnectorConfig;
use crate::config::auth::Credential;
use crate::config::ceilings::Ceilings;
use crate::config::document::{TomlEntry, TomlTable, ValueSources};
use crate::config::error::Problem;
use crate::config::limits::Limits;
use crate::config::network::NetworkConfig;
use crate::config::rate_limit::RateLimitConfig;
use crate::config::secret::Secret;

/// Reads all sections.
///
/// # Errors
///
/// All that is wrong with them, in the order of the file.
pub(super) fn read(
    root: TomlTable<'_>,
    sources: ValueSources<'_>,
    ceilings: &Ceilings,
) -> Result<ConnectorConfig, Vec<Problem>> {
    let mut reader = SectionReader {
        sources,
        problems: Vec::new(),
    };
    let config = reader.config(root, ceilings);
    if reader.problems.is_empty() {
        return Ok(ConnectorConfig {
            files: reader.sources.into_files(),
            ..config
        });
    }
    reader
        .problems
        .sort_by_key(|problem| (problem.line, problem.column));
    Err(reader.problems)
}

/// Reads the sections, and gathers what is wrong with them.
struct SectionReader<'s> {
    sources: ValueSources<'s>,
    problems: Vec<Problem>,
}

impl SectionReader<'_> {
    fn config(&mut self, mut root: TomlTable<'_>, ceilings: &Ceilings) -> ConnectorConfig {
        let api_keys = root.get("api-key").map(|entry| self.api_keys(&entry));
        let mut secret_env = BTreeSet::new();
        let env = self
            .section(&mut root, "env")
            .map(|table| self.env(table, &mut secret_env));
        let before_network = self.problems.len();
        let network = self.section(&mut root, "network").map(|mut table| {
            let network = NetworkConfig::read(&mut table, &self.sources, &mut self.problems);
            self.problems.extend(table.unknown());
            network
        });
        let is_network_right = self.problems.len() == before_network;
        let network = network.unwrap_or_default();
        let credentials = self.section(&mut root, "auth").map(|table| {
            let allow = is_network_right.then_some(&network.allow);
            Credential::read_all(table, allow, &self.sources, &mut self.problems)
        });
        let rate_limit = self.section(&mut root, "rate-limit").map(|mut table| {
            let rate_limit = RateLimitConfig::read(&mut table, &self.sources, &mut self.problems);
            self.problems.extend(table.unknown());
            rate_limit
        });
        let limits = self.section(&mut root, "limits").map(|mut table| {
            let limits = Limits::read(&mut table, &self.sources, ceilings, &mut self.problems);
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
            limits: limits.unwrap_or_else(|| Limits::within(ceilings)),
            api_keys,
            files: Vec::new(),
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

    fn api_keys(&mut self, entry: &TomlEntry<'_>) -> Vec<Secret> {
        let expected = "a string or a list of strings";
        let keys: Vec<_> = match entry.items() {
            Some(items) if items.is_empty() => {
                let message = "the list is empty: write a key, or leave `api-key` out";
                vec![Err(entry.problem(message))]
            }
            Some(items) => items
                .iter()
                .map(|item| self.api_key(item, "a string"))
                .collect(),
            None => vec![self.api_key(entry, expected)],
        };
        self.keep_all(keys)
    }

    fn api_key(&self, entry: &TomlEntry<'_>, expected: &str) -> Result<Secret, Problem> {
        let key = Secret::new(self.sources.text(entry, expected)?);
        key.check_as_key()
            .map_err(|error| entry.problem(error.to_string()))?;
        Ok(key)
    }

    /// The variables; the names of those that are secrets go to `secret`.
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
            let message = "a variable's name is not empty and holds neither `=` nor a zero byte";
            return Err(entry.problem(message));
        }
        let (value, is_secret) = self.sources.text_and_secrecy(entry, "a string in quotes")?;
        if value.contains('\0') {
            return Err(entry.problem("a variable's value holds no zero byte"));
        }
        Ok((value, is_secret))
    }

    /// The values that are right; the rest become problems.
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
mod tests {
    use std::env::VarError;
    use std::path::Path;

    use super::*;
    use crate::config::document::Document;

    fn problems(text: &str) -> Vec<String> {
        let variable = |name: &str| match name {
            "SECRET" => Ok("hunter2".to_owned()),
            "BROKEN" => Ok("hunter2\n".to_owned()),
            _ => Err(VarError::NotPresent),
        };
        let document = Document::parse(text).expect(text);
        let sources = ValueSources::new(Path::new("beers.toml"), &variable);
        let config = read(document.root(), sources, &Ceilings::default());
        let problems = config.expect_err(text);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn variables_from_elsewhere_are_secrets_unless_the_file_says_otherwise() {
        let text = r#"
            [env]
            HERE = "hunter2"
            TOKEN = { env = "SECRET" }
            KEY = { env = "SECRET", secret = true }
            REGION = { env = "SECRET", secret = false }
        "#;
        let variable = |_: &str| Ok("hunter2".to_owned());
        let document = Document::parse(text).expect(text);
        let sources = ValueSources::new(Path::new("beers.toml"), &variable);
        let config = read(document.root(), sources, &Ceilings::default()).expect(text);
        assert_eq!(Vec::from_iter(&config.secret_env), ["KEY", "TOKEN"]);
        assert_eq!(config.env.len(), 4);

        assert_eq!(
            problems("[env]\nREGION = { env = 'SECRET', secret = 'no' }"),
            ["2: env.REGION.secret: expected true or false, found a string"]
        );
        assert_eq!(
            problems("api-key = { env = 'SECRET', secret = false }"),
            ["1: api-key.secret: unknown key; known here: env, file"]
        );
    }

    #[test]
    fn all_problems_are_reported_in_the_order_of_the_file() {
        let text = r#"
            api-key = []
            [limits]
            memroy = "1MiB"
            cpu-time = 5
            [network]
            allow = ["https://ok.example",
                "https://user:hunter2@bad.example", 7]
            allow-network = ["10.1.0.0/16"]
            [env]
            PORT = 8080
            "A=B" = "hunter2"
            ZERO = "hunter2\u0000"
            [rate-limit]
            budjet = "punk"
            [aut]
        "#;
        let expected = [
            "2: api-key: the list is empty: write a key, or leave `api-key` out",
            "4: limits.memroy: unknown key; did you mean `memory`?",
            "5: limits.cpu-time: expected a time such as \"55s\", found an integer",
            "8: network.allow[1]: a rule has no user name or password",
            "8: network.allow[2]: expected a rule such as \"https://api.example.com\", found an integer",
            "9: network.allow-network: unknown key; did you mean `allow-networks`?",
            "11: env.PORT: expected a string in quotes, found an integer",
            "12: env.\"A=B\": a variable's name is not empty and holds neither `=` nor a zero byte",
            "13: env.ZERO: a variable's value holds no zero byte",
            "15: rate-limit.budjet: unknown key; did you mean `budget`?",
            "16: aut: unknown key; did you mean `auth`?",
        ];
        assert_eq!(problems(text), expected);
    }

    #[test]
    fn sections_and_keys_have_their_types() {
        let cases = [
            ("env = 'A'", "1: env: expected a table, found a string"),
            ("[[limits]]", "1: limits: expected a table, found a list"),
            (
                "network = true",
                "1: network: expected a table, found a boolean",
            ),
            (
                "api-key = 1",
                "1: api-key: expected a string or a list of strings, found an integer",
            ),
            (
                "api-key = ['a', 1]",
                "1: api-key[1]: expected a string, found an integer",
            ),
            ("api-key = ''", "1: api-key: the key is empty"),
        ];
        for (text, expected) in cases {
            assert_eq!(problems(text), [expected], "{text}");
        }
    }

    #[test]
    fn no_problem_shows_a_secret() {
        let cases = [
            ("api-key", "' hunter2'"),
            ("api-key", "[['hunter2']]"),
            ("api-key", "{ env = 'BROKEN' }"),
            ("api-key", "{ env = 'SECRET', hunter = 'hunter2' }"),
            ("limits.memory", "{ env = 'SECRET' }"),
            ("limits.cpu-time", "{ env = 'SECRET' }"),
            ("limits.log-lines", "'hunter2'"),
            ("network.allow", "'hunter2'"),
            ("network.allow", "['hunter2']"),
            ("network.allow", "['ftp://hunter2@host']"),
            ("network.allow", "['hunter2 https://host']"),
            ("network.allow", "[{ env = 'SECRET' }]"),
            ("network.allow-networks", "['hunter2']"),
            ("network.allow-networks", "['hunter2/8']"),
            ("network.allow-networks", "['10.0.0.0/hunter2']"),
            ("network.total-timeout", "'hunter2'"),
            ("network.connections", "'hunter2'"),
            ("network.roots", "{ env = 'SECRET' }"),
            ("network.roots", "'''\n-----BEGIN hunter2'''"),
            ("network.client-key", "{ env = 'SECRET' }"),
            ("env", "'hunter2'"),
            ("env.A", "['hunter2']"),
        ];
        for (key, value) in cases {
            let problems = problems(&format!("{key} = {value}"));
            let [problem] = problems.as_slice() else {
                panic!("{key} = {value}: {problems:?}")
            };
            assert!(
                problem.starts_with(&format!("1: {key}")),
                "{key} = {value}: {problem}"
            );
            assert!(!problem.contains("hunter2"), "{key} = {value}: {problem}");
        }
    }
}
