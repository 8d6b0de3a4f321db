//! A connector's file as far as this machine can use it, for reports about it.

use std::path::Path;

use super::config::ConnectorConfig;
use super::sections;
use crate::config::auth::KINDS;
use crate::config::document::{Document, TomlEntry, ValueSources};
use crate::config::error::{ConfigError, Problem};
use crate::config::policy::OperatorBounds;

/// The usable part of a `NAME.toml`: its invalid values, and those whose variable or file is missing, are left out.
#[derive(Debug)]
pub struct UsableConfig {
    /// What is right in it. A credential without its value is left out; anything else has its default instead.
    pub config: ConnectorConfig,
    /// All credentials, in the order of the file.
    pub credentials: Vec<WrittenCredential>,
    /// The problems that concern no credential, in the order of the file.
    pub problems: Vec<Problem>,
}

/// A credential as the file describes it, valid or not. Contains no secret.
#[derive(Clone, Debug)]
pub struct WrittenCredential {
    /// Its name, in any form.
    pub name: String,
    /// Its kind, such as `api-key`, if there is one of this name.
    pub kind: Option<&'static str>,
    /// The rules of `urls` that are in the file itself, as written.
    pub urls: Vec<String>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// Reads the text of a file. `path` is for errors.
///
/// # Errors
///
/// [`ConfigError::Invalid`]: the file is not TOML.
pub(super) fn read(
    text: &str,
    path: &Path,
    sources: ValueSources<'_>,
    bounds: &OperatorBounds,
) -> Result<UsableConfig, ConfigError> {
    let file = Document::parse(text).map_err(|problems| ConfigError::invalid(path, problems))?;
    let (config, all) = sections::read_usable(file.root(), sources, bounds);
    let auth = file.root().get_table("auth").ok().flatten();
    let mut credentials: Vec<(String, WrittenCredential)> = auth
        .map(|auth| auth.into_entries())
        .unwrap_or_default()
        .iter()
        .map(|(name, entry)| (entry.path().to_owned(), written(name, entry)))
        .collect();
    let mut problems = Vec::new();
    for problem in all {
        let key = problem.key.as_deref().unwrap_or_default();
        // A credential's name may begin with another one's.
        let of = credentials
            .iter_mut()
            .filter(|(path, _)| is_within(key, path))
            .max_by_key(|(path, _)| path.len());
        match of {
            Some((_, credential)) => credential.problems.push(problem),
            None => problems.push(problem),
        }
    }
    Ok(UsableConfig {
        config,
        credentials: credentials
            .into_iter()
            .map(|(_, credential)| credential)
            .collect(),
        problems,
    })
}

fn is_within(key: &str, path: &str) -> bool {
    key.strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn written(name: &str, entry: &TomlEntry<'_>) -> WrittenCredential {
    let mut written = WrittenCredential {
        name: name.to_owned(),
        kind: None,
        urls: Vec::new(),
        problems: Vec::new(),
    };
    if let Ok(mut table) = entry.table() {
        let kind = table.get("kind").and_then(|kind| kind.as_str());
        written.kind = KINDS.into_iter().find(|known| Some(*known) == kind);
        let urls = table.get("urls").and_then(|urls| urls.items());
        let urls = urls.unwrap_or_default();
        let urls = urls
            .iter()
            .filter_map(|url| url.as_str().map(str::to_owned));
        written.urls = urls.collect();
    }
    written
}

#[cfg(test)]
mod tests {
    use std::env::VarError;

    use super::*;
    use crate::config::ceilings::Ceilings;
    use crate::config::reading::SystemFiles;

    #[test]
    fn credentials_are_those_of_the_file_and_problems_belong_to_them() {
        let text = "
            api-key = { env = 'NO_KEY' }
            [network]
            allow = ['https://a.example.com']
            [auth.a]
            urls = ['https://a.example.com/v1']
            kind = 'api-key'
            header = 'x-key'
            value = { env = 'NO_VALUE' }
            [auth.'a.b']
            urls = ['https://a.example.com']
            kind = 'bearer'
            token = 'good'
            [auth.c]
            urls = [1]
            kind = 'bear'
            [limits]
            memroy = '1MiB'";
        let path = Path::new("shop.toml");
        let bounds = OperatorBounds::without_policy(Ceilings::UNLIMITED);
        let sources = ValueSources::new(path, &|_| Err(VarError::NotPresent), &SystemFiles);
        let usable = read(text, path, sources, &bounds).expect("it is TOML");
        let credentials: Vec<_> = usable
            .config
            .credentials
            .iter()
            .map(|one| &*one.name)
            .collect();
        assert_eq!(credentials, ["a.b"]);
        let lines = |problems: &[Problem]| {
            problems
                .iter()
                .map(|problem| problem.line)
                .collect::<Vec<_>>()
        };
        let written: Vec<_> = usable
            .credentials
            .iter()
            .map(|one| {
                (
                    &*one.name,
                    one.kind,
                    one.urls.concat(),
                    lines(&one.problems),
                )
            })
            .collect();
        assert_eq!(
            written,
            [
                (
                    "a",
                    Some("api-key"),
                    "https://a.example.com/v1".to_owned(),
                    vec![9]
                ),
                (
                    "a.b",
                    Some("bearer"),
                    "https://a.example.com".to_owned(),
                    vec![]
                ),
                ("c", None, String::new(), vec![15, 16]),
            ]
        );
        assert_eq!(lines(&usable.problems), [2, 18]);
        let sources = ValueSources::new(path, &|_| Err(VarError::NotPresent), &SystemFiles);
        assert!(read("[auth", path, sources, &bounds).is_err());
    }
}
