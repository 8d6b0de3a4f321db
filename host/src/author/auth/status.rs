//! The status of credentials; never a token itself.

use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::AuthCommandError;
use super::lookup::read_config;
use crate::config::{ConnectorName, CredentialKind, Grant};
use crate::report;
use crate::tokens::Store;

/// The status of a credential.
#[derive(Clone, Debug)]
pub struct Status {
    connector: String,
    credential: String,
    kind: &'static str,
    /// The hosts to which it is sent, and its token endpoint.
    urls: Vec<String>,
    token: &'static str,
    /// Why the stored token can't be read.
    problem: Option<String>,
    expires: Option<Timestamp>,
    renewed: Option<Timestamp>,
    /// When the refresh token expires.
    refresh_ends: Option<Timestamp>,
    /// The last failure since a token was last obtained, with its time.
    failure: Option<(Option<Timestamp>, String)>,
}

/// All credentials of one connector, or of all connectors in the folder, sorted by connector. In the latter case, a
/// configuration that can't be used has its own row.
///
/// # Errors
///
/// [`AuthCommandError`]: the folder or a connector's file can't be read.
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
    for connector_name in connectors {
        let config = match read_config(plugins, &connector_name) {
            Ok(config) => config,
            // The others are still listed.
            Err(error @ AuthCommandError::Config(_)) if connector.is_none() => {
                all.push(Status::unreadable(&connector_name, &error));
                continue;
            }
            Err(error) => return Err(error),
        };
        for credential in &config.credentials {
            let (kind, token_url, has_seed) = match &credential.kind {
                CredentialKind::Fixed(_) => ("fixed", None, None),
                CredentialKind::Jwt(_) => ("jwt", None, None),
                CredentialKind::Oauth2(config) => {
                    let has_seed = match &config.grant {
                        Grant::RefreshToken(seed) => Some(seed.is_some()),
                        Grant::ClientCredentials
                        | Grant::Password { .. }
                        | Grant::JwtBearer(_)
                        | Grant::Session(_) => None,
                    };
                    let is_session = matches!(config.grant, Grant::Session(_));
                    let kind = if is_session { "session" } else { "oauth2" };
                    (kind, Some(config.token_url.to_string()), has_seed)
                }
            };
            let mut status = Status {
                connector: connector_name.to_string(),
                credential: credential.name.to_string(),
                kind,
                urls: credential.hosts().into_iter().chain(token_url).collect(),
                token: "-",
                problem: None,
                expires: None,
                renewed: None,
                refresh_ends: None,
                failure: None,
            };
            if matches!(credential.kind, CredentialKind::Oauth2(_)) {
                let entry = store.entry(&status.connector, &status.credential)?;
                status.failure = entry
                    .failure()
                    .map(|failure| (moment(failure.at), failure.message));
            }
            if let Some(has_seed) = has_seed {
                status.look(store, has_seed)?;
            }
            all.push(status);
        }
    }
    Ok(all)
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
    /// The row for a configuration that can't be used.
    fn unreadable(connector: &ConnectorName, error: &AuthCommandError) -> Self {
        Self {
            connector: connector.to_string(),
            credential: "-".to_owned(),
            kind: "-",
            urls: Vec::new(),
            token: "unreadable",
            // On one line, since several lines would break the table.
            problem: Some(report::chain(error).replace('\n', "; ")),
            expires: None,
            renewed: None,
            refresh_ends: None,
            failure: None,
        }
    }

    fn look(&mut self, store: &Store, has_seed: bool) -> Result<(), AuthCommandError> {
        let entry = store.entry(&self.connector, &self.credential)?;
        if !entry.exists() {
            self.token = if has_seed { "configured" } else { "none" };
            return Ok(());
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
                self.problem = Some(report::chain(&error));
            }
        }
        Ok(())
    }

    /// The cells of a table row: connector, credential, kind, URLs, token, expiry of the access token, last renewal,
    /// expiry of the refresh token, last failure.
    pub fn to_row(&self) -> [String; 9] {
        let time = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| time.to_string());
        let token = match &self.problem {
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
