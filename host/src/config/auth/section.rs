//! Reads `[auth]`.

use super::credential::{Credential, CredentialKind};
use super::fields::Fields;
use super::{addition, jwt, known_keys, oauth2, urls};
use crate::config::allow::AllowList;
use crate::config::choice::chosen;
use crate::config::document::{TomlEntry, TomlTable, ValueSources};
use crate::config::error::Problem;
use crate::config::settings::Settings;

/// The longest name of a credential.
const MAX_NAME_BYTES: usize = 63;

/// Every kind of credential.
pub(in crate::config) const KINDS: [&str; 6] =
    ["api-key", "basic", "bearer", "jwt", "oauth2", "session"];

impl Credential {
    /// Reads all of `[auth]`. An invalid credential becomes a problem and is left out. `allow` are the rules of
    /// `[network]`; `None` if they are invalid.
    pub(in crate::config) fn read_all(
        table: TomlTable<'_>,
        allow: Option<&AllowList>,
        sources: &ValueSources<'_>,
        problems: &mut Vec<Problem>,
    ) -> Vec<Self> {
        table
            .into_entries()
            .iter()
            .filter_map(|(name, entry)| read(name, entry, allow, sources, problems))
            .collect()
    }
}

fn read(
    name: &str,
    entry: &TomlEntry<'_>,
    allow: Option<&AllowList>,
    sources: &ValueSources<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Credential> {
    let mut table = match check_name(name, entry).and_then(|()| entry.table()) {
        Ok(table) => table,
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    let mut fields = Fields::new(entry, Settings::new(&mut table, sources, problems));
    let urls = urls::read(&mut fields, allow);
    let may_ask_for_ranges = fields.flag("ranges");
    let expected = format!("one of {}", KINDS.join(", "));
    let kind = fields.required("kind", &expected, |text| {
        chosen("kind", text, KINDS, |kind| kind)
    })?;
    let kind_name = kind;
    let kind = match kind {
        "api-key" => addition::api_key(&mut fields).map(CredentialKind::Fixed),
        "basic" => addition::basic(&mut fields).map(CredentialKind::Fixed),
        "bearer" => addition::bearer(&mut fields).map(CredentialKind::Fixed),
        "jwt" => jwt::read(&mut fields).map(|config| CredentialKind::Jwt(config.into())),
        "session" => oauth2::read_session(&mut fields, allow)
            .map(|config| CredentialKind::Oauth2(config.into())),
        _ => oauth2::read(&mut fields, allow).map(|config| CredentialKind::Oauth2(config.into())),
    };
    let secrets = fields.into_secrets();
    let unknown = table.unknown().into_iter();
    problems.extend(unknown.map(|problem| known_keys::explained(problem, kind_name)));
    Some(Credential {
        name: name.into(),
        urls,
        kind: kind?,
        may_ask_for_ranges,
        secrets,
    })
}

fn check_name(name: &str, entry: &TomlEntry<'_>) -> Result<(), Problem> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.chars().all(is_plain) {
        let message =
            "a credential's name must have 1 to 63 characters: letters, digits, `.`, `_` and `-`";
        return Err(entry.problem(message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
