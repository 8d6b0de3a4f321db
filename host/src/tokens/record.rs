//! The stored record of one credential.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::config::Secret;
use crate::report::hexadecimal;

/// A credential's tokens. Times are stored in whole seconds.
#[derive(Clone, Debug)]
pub struct TokenRecord {
    /// The token that is exchanged for new access tokens.
    pub refresh_token: Secret,
    /// When this refresh token was obtained.
    pub obtained: SystemTime,
    /// When an access token was last obtained with it; not before `obtained`.
    pub renewed: SystemTime,
    /// The scopes of the tokens, if the API stated them. May be empty.
    pub scopes: Vec<String>,
    /// The newest access token.
    pub access_token: Option<AccessToken>,
    /// Names and values of the connector's variables that come from the last answer.
    pub variables: Vec<(String, String)>,
    /// When the refresh token expires, if the API stated it.
    pub refresh_expires: Option<SystemTime>,
    /// The configured refresh token that this one descends from; `None` if it comes from a login.
    pub seed: Option<SeedDigest>,
}

/// An access token, and its lifetime.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token itself.
    pub token: Secret,
    /// When it expires, if the API stated it.
    pub expires: Option<SystemTime>,
    /// The configuration that it was obtained with: it is not used with any other.
    pub fingerprint: String,
}

/// A digest that shows whether the configured refresh token is still the one that a record began with.
#[derive(Clone, PartialEq, Eq)]
pub struct SeedDigest(String);

impl SeedDigest {
    /// The digest of a configured refresh token.
    pub fn of(seed: &Secret) -> Self {
        Self(hexadecimal(&Sha256::digest(seed.expose())))
    }
}

impl fmt::Debug for SeedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeedDigest(…)")
    }
}

/// The record's JSON. Unknown keys are ignored: a newer host may write more.
#[derive(Serialize, Deserialize)]
struct RecordJson<T> {
    refresh_token: T,
    obtained: UnixSeconds,
    renewed: UnixSeconds,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    access_token: Option<T>,
    #[serde(default)]
    expires: Option<UnixSeconds>,
    #[serde(default)]
    fingerprint: String,
    #[serde(default)]
    variables: Vec<(String, String)>,
    #[serde(default)]
    refresh_expires: Option<UnixSeconds>,
    #[serde(default)]
    seed: Option<String>,
}

/// Seconds since 1970.
type UnixSeconds = u64;

impl TokenRecord {
    pub(super) fn to_json(&self) -> Option<Zeroizing<Vec<u8>>> {
        let access_token = self.access_token.as_ref();
        let written = RecordJson {
            refresh_token: self.refresh_token.expose(),
            obtained: seconds(self.obtained)?,
            renewed: seconds(self.renewed)?,
            scopes: self.scopes.clone(),
            access_token: access_token.map(|access| access.token.expose()),
            expires: match access_token.and_then(|access| access.expires) {
                Some(expires) => Some(seconds(expires)?),
                None => None,
            },
            fingerprint: access_token
                .map(|access| access.fingerprint.clone())
                .unwrap_or_default(),
            variables: self.variables.clone(),
            refresh_expires: match self.refresh_expires {
                Some(expires) => Some(seconds(expires)?),
                None => None,
            },
            seed: self.seed.clone().map(|SeedDigest(digest)| digest),
        };
        // Reserves all the space at once, so that growing leaves no copies of secrets behind.
        let length = written.refresh_token.len() + written.access_token.map_or(0, str::len);
        let scopes: usize = written.scopes.iter().map(|scope| scope.len() + 3).sum();
        let variables = self.variables.iter();
        let variables: usize = variables
            .map(|(name, value)| 2 * (name.len() + value.len()) + 16)
            .sum();
        let mut json = Zeroizing::new(Vec::with_capacity(2 * (length + scopes) + variables + 1024));
        serde_json::to_writer(&mut *json, &written).ok()?;
        Some(json)
    }

    pub(super) fn from_json(json: &[u8]) -> Option<Self> {
        let written: RecordJson<String> = serde_json::from_slice(json).ok()?;
        let expires = match written.expires {
            Some(expires) => Some(time(expires)?),
            None => None,
        };
        let fingerprint = written.fingerprint;
        Some(Self {
            refresh_token: Secret::new(written.refresh_token),
            obtained: time(written.obtained)?,
            renewed: time(written.renewed)?,
            scopes: written.scopes,
            access_token: written.access_token.map(|token| AccessToken {
                token: Secret::new(token),
                expires,
                fingerprint,
            }),
            variables: written.variables,
            refresh_expires: written.refresh_expires.and_then(time),
            seed: written.seed.map(SeedDigest),
        })
    }
}

fn seconds(time: SystemTime) -> Option<UnixSeconds> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

fn time(seconds: UnixSeconds) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let seed = SeedDigest::of(&Secret::new("first"));
        let whole = TokenRecord {
            refresh_token: Secret::new("refresh \"1\""),
            obtained: at(1_790_000_000),
            renewed: at(1_790_000_100),
            scopes: vec!["orders.read".to_owned(), "offline".to_owned()],
            access_token: Some(AccessToken {
                token: Secret::new("access"),
                expires: Some(at(1_790_003_700)),
                fingerprint: "0a1b".to_owned(),
            }),
            variables: vec![("API".to_owned(), "https://eu.example.com".to_owned())],
            refresh_expires: Some(at(1_797_000_000)),
            seed: Some(seed.clone()),
        };
        let bare = TokenRecord {
            scopes: Vec::new(),
            access_token: None,
            variables: Vec::new(),
            refresh_expires: None,
            seed: None,
            ..whole.clone()
        };
        for record in [whole, bare] {
            let json = record.to_json().expect("its times are of this age");
            let again = TokenRecord::from_json(&json).expect("it is its own form");
            assert_eq!(again.refresh_token.expose(), record.refresh_token.expose());
            assert_eq!(
                (
                    again.obtained,
                    again.renewed,
                    again.refresh_expires,
                    &again.variables,
                    &again.scopes,
                    &again.seed
                ),
                (
                    record.obtained,
                    record.renewed,
                    record.refresh_expires,
                    &record.variables,
                    &record.scopes,
                    &record.seed
                )
            );
            let access = |record: &TokenRecord| {
                let access = record.access_token.as_ref()?;
                Some((
                    access.token.expose().to_owned(),
                    access.expires,
                    access.fingerprint.clone(),
                ))
            };
            assert_eq!(access(&again), access(&record));
        }
        assert_ne!(seed, SeedDigest::of(&Secret::new("second")));
    }

    #[test]
    fn keys_of_a_newer_host_are_ignored_and_missing_ones_are_errors() {
        let json = br#"{"refresh_token": "r", "obtained": 1, "renewed": 2, "color": "blue"}"#;
        let record = TokenRecord::from_json(json).expect("all that it needs is there");
        assert_eq!(record.refresh_token.expose(), "r");
        for lacking in [&br#"{"obtained": 1, "renewed": 2}"#[..], b"null", b"{"] {
            assert!(TokenRecord::from_json(lacking).is_none());
        }
    }
}
