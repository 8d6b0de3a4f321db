//! `key-file`: the key of a service account, as Google gives it.

use serde::Deserialize;

use crate::config::auth::fields::Fields;
use crate::config::auth::signing_key::{Algorithm, SigningKey};

/// What is in the file, besides what nobody needs.
pub(super) struct Account {
    pub(super) email: String,
    pub(super) key: SigningKey,
    pub(super) key_id: Option<String>,
    pub(super) token_url: String,
}

#[derive(Deserialize)]
struct File {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    #[serde(default = "google")]
    token_uri: String,
}

fn google() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}

/// Reads `key-file`; none where it is wrong, which is noted, or not there.
pub(super) fn read(fields: &mut Fields<'_, '_, '_, '_>) -> Option<Account> {
    let mut private_key = None;
    let expected = "the key of a service account, such as { file = \"service-account.json\" }";
    let account = fields.optional("key-file", expected, |text| {
        let file: File = serde_json::from_str(text).map_err(|_| {
            "this is no key of a service account: a JSON object with `client_email` and `private_key`"
                .to_owned()
        })?;
        let key = SigningKey::parse(Algorithm::Rs256, &file.private_key);
        private_key = Some(file.private_key);
        Ok(Account {
            email: file.client_email,
            key: key.map_err(|message| format!("`private_key`: {message}"))?,
            key_id: file.private_key_id,
            token_url: file.token_uri,
        })
    });
    if let Some(key) = private_key {
        fields.keep_secret(&key);
    }
    account
}
