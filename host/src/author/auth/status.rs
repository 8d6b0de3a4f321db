//! The status of credentials; never a token itself.

use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::AuthCommandError;
use super::lookup::{read_config, read_usable_config};
use crate::config::{ConnectorName, Credential, CredentialKind, Grant, Problem, UsableConfig};
use crate::report;
use crate::tokens::{Store, TokenEntry};

/// The status of a credential.
#[derive(Clone, Debug)]
pub struct Status {
    connector: String,
    credential: String,
    kind: &'static str,
    /// The rules of its `urls`, and its token endpoint.
    urls: Vec<String>,
    token: &'static str,
    /// What is wrong with the configuration, or why the stored token can't be read.
    problem: Option<String>,
    expires: Option<Timestamp>,
    renewed: Option<Timestamp>,
    /// When the refresh token expires.
    refresh_ends: Option<Timestamp>,
    /// The last failure since a token was last obtained, with its time.
    failure: Option<(Option<Timestamp>, String)>,
}

/// All credentials of one connector, or of all connectors in the folder, sorted by connector. A credential with a problem,
/// such as a variable that is not set, has its row, too, and so has a configuration with problems elsewhere, or that is not
/// TOML. For one connector, each of these is an error.
///
/// # Errors
///
/// [`AuthCommandError`]: the folder can't be read, or the one connector's file can't be used.
pub fn status(
    plugins: &Path,
    connector: Option<&ConnectorName>,
    store: &Store,
) -> Result<Vec<Status>, AuthCommandError> {
    let connectors = match connector {
        Some(connector) => vec![connector.clone()],
        None => connectors(plugins)?,
    };
    let mut all = Vec::new();
    for name in connectors {
        if connector.is_some() {
            // Nobody asked for others, so a problem is the command's own.
            read_config(plugins, &name)?;
        }
        match read_usable_config(plugins, &name) {
            Ok((path, usable)) => all.extend(of_connector(&name, &path, &usable, store)?),
            // The others are still listed.
            Err(error @ AuthCommandError::Config(_)) if connector.is_none() => {
                all.push(Status::of_file(&name, &report::chain(&error)));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// The rows of one connector.
fn of_connector(
    connector: &ConnectorName,
    path: &Path,
    usable: &UsableConfig,
    store: &Store,
) -> Result<Vec<Status>, AuthCommandError> {
    let lines = |problems: &[Problem]| {
        let path = path.display();
        let lines = problems.iter().map(|problem| format!("{path}:{problem}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let mut rows = Vec::new();
    for written in &usable.credentials {
        let mut status = Status {
            credential: written.name.clone(),
            kind: written.kind.unwrap_or("-"),
            urls: written.urls.clone(),
            ..Status::new(connector)
        };
        let is_valid = |credential: &&Credential| *credential.name == *written.name;
        match usable.config.credentials.iter().find(is_valid) {
            Some(credential) if written.problems.is_empty() => {
                status.look(credential, store)?;
            }
            _ => status.set_problem(&lines(&written.problems)),
        }
        rows.push(status);
    }
    if !usable.problems.is_empty() {
        rows.push(Status::of_file(connector, &lines(&usable.problems)));
    }
    Ok(rows)
}

/// The connectors that have a configuration.
fn connectors(plugins: &Path) -> Result<Vec<ConnectorName>, AuthCommandError> {
    let failed = |source| AuthCommandError::Plugins {
        path: plugins.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(plugins).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let is_toml = path
            .extension()
            .is_some_and(|extension| extension == "toml");
        if let Some(Ok(name)) = name.filter(|_| is_toml).map(str::parse) {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

impl Status {
    /// A row without a credential.
    fn new(connector: &ConnectorName) -> Self {
        Self {
            connector: connector.to_string(),
            credential: "-".to_owned(),
            kind: "-",
            urls: Vec::new(),
            token: "-",
            problem: None,
            expires: None,
            renewed: None,
            refresh_ends: None,
            failure: None,
        }
    }

    /// The row for problems of a configuration that concern no credential.
    fn of_file(connector: &ConnectorName, problem: &str) -> Self {
        let mut status = Self::new(connector);
        status.set_problem(problem);
        status
    }

    /// On one line, since several lines would break the table.
    fn set_problem(&mut self, problem: &str) {
        self.problem = Some(problem.replace('\n', "; "));
    }

    /// Adds what is known of a valid credential.
    fn look(&mut self, credential: &Credential, store: &Store) -> Result<(), AuthCommandError> {
        let CredentialKind::Oauth2(config) = &credential.kind else {
            return Ok(());
        };
        self.urls.push(config.token_url.to_string());
        let entry = store.entry(&self.connector, &self.credential)?;
        let failure = entry.failure();
        self.failure = failure.map(|failure| (moment(failure.at), failure.message));
        match &config.grant {
            Grant::RefreshToken(seed) => self.look_at_token(&entry, seed.is_some()),
            Grant::ClientCredentials
            | Grant::Password { .. }
            | Grant::JwtBearer(_)
            | Grant::Session(_) => {}
        }
        Ok(())
    }

    fn look_at_token(&mut self, entry: &TokenEntry, has_seed: bool) {
        if !entry.exists() {
            self.token = if has_seed { "configured" } else { "none" };
            return;
        }
        match entry.read() {
            Ok(record) => {
                self.token = "kept";
                let record = record.as_ref();
                self.renewed = record.and_then(|record| moment(record.renewed));
                self.refresh_ends = record.and_then(|record| moment(record.refresh_expires?));
                self.expires = record
                    .and_then(|record| record.access_token.as_ref()?.expires)
                    .and_then(moment);
            }
            Err(error) => {
                self.token = "unreadable";
                self.set_problem(&report::chain(&error));
            }
        }
    }

    /// The cells of a table row: connector, credential, kind, URLs, token, expiry of the access token, last renewal,
    /// expiry of the refresh token, last failure.
    pub fn to_row(&self) -> [String; 9] {
        let time = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| time.to_string());
        let token = match &self.problem {
            Some(problem) if self.token == "-" => format!("problem: {problem}"),
            Some(problem) => format!("{}: {problem}", self.token),
            None => self.token.to_owned(),
        };
        [
            self.connector.clone(),
            self.credential.clone(),
            self.kind.to_owned(),
            self.urls.join(" "),
            token,
            time(self.expires),
            time(self.renewed),
            time(self.refresh_ends),
            self.failure
                .as_ref()
                .map_or("-".to_owned(), |(at, message)| {
                    format!("{}: {message}", time(*at))
                }),
        ]
    }

    /// The same as a JSON object, with times as in RFC 3339; missing values are `null`.
    pub fn to_json(&self) -> Value {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        json!({
            "connector": self.connector,
            "credential": self.credential,
            "kind": self.kind,
            "urls": self.urls,
            "token": self.token,
            "problem": self.problem,
            "expires": time(self.expires),
            "renewed": time(self.renewed),
            "refresh_ends": time(self.refresh_ends),
            "failure": self.failure.as_ref().map(|(at, message)| {
                json!({ "at": time(*at), "message": message })
            }),
        })
    }
}

fn moment(time: SystemTime) -> Option<Timestamp> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Timestamp::from_second(i64::try_from(since.as_secs()).ok()?).ok()
}
