//! `key-file`: the key of a service account, in Google's format.

use serde::Deserialize;

use crate::config::auth::fields::Fields;
use crate::config::auth::signing_key::{Algorithm, SigningKey};

/// The account of the file. Other members are ignored.
pub(super) struct ServiceAccount {
    pub(super) email: String,
    pub(super) key: SigningKey,
    pub(super) key_id: Option<String>,
    pub(super) token_url: String,
}

/// `key-file`.
pub(super) enum KeyFile {
    /// The key is not set.
    NotSet,
    /// It is invalid (which is recorded).
    Wrong,
    /// It is valid.
    Read(Box<ServiceAccount>),
}

/// The file's format.
#[derive(Deserialize)]
struct ServiceAccountJson {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    #[serde(default = "google_token_url")]
    token_uri: String,
}

fn google_token_url() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

/// The error message. A likely mistake is a path where the file's content belongs.
fn not_an_account(text: &str) -> String {
    let mut message =
        "this is not the key of a service account: write a JSON object with `client_email` and `private_key`"
            .to_owned();
    if !text.contains(['{', '\n']) {
        message.push_str("; to name a file, write `{ file = \"…\" }`");
    }
    message
}

impl KeyFile {
    /// Reads the key, and records problems with it.
    pub(super) fn read(fields: &mut Fields<'_, '_, '_, '_>) -> Self {
        if !fields.has("key-file") {
            return Self::NotSet;
        }
        let mut private_key = None;
        let expected = "the key of a service account, such as { file = \"service-account.json\" }";
        let account = fields.optional("key-file", expected, |text| {
            let json = text.trim_start_matches('\u{FEFF}');
            let json: ServiceAccountJson =
                serde_json::from_str(json).map_err(|_| not_an_account(text))?;
            let key = SigningKey::parse(Algorithm::Rs256, &json.private_key);
            private_key = Some(json.private_key);
            Ok(ServiceAccount {
                email: json.client_email,
                key: key.map_err(|message| format!("`private_key`: {message}"))?,
                key_id: json.private_key_id,
                token_url: json.token_uri,
            })
        });
        if let Some(key) = private_key {
            fields.keep_secret(&key);
        }
        account.map_or(Self::Wrong, |account| Self::Read(Box::new(account)))
    }

    /// Whether the key is set, valid or not.
    pub(super) fn is_set(&self) -> bool {
        !matches!(self, Self::NotSet)
    }

    /// The account; `None` if the key is not set or invalid.
    pub(super) fn account(&self) -> Option<&ServiceAccount> {
        match self {
            Self::Read(account) => Some(account),
            Self::NotSet | Self::Wrong => None,
        }
    }
}
