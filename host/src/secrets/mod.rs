//! A connector's secrets, which must not be shown.
//!
//! This room has the values, the forms that other software gives them (`needle`), the search for these forms (`finder`)
//! and their replacement. Where a secret comes from and what it is used for belongs elsewhere.

mod address;
mod automaton;
#[cfg(feature = "bench")]
mod bench;
mod coverage;
mod cycle;
mod finder;
mod json;
mod lines;
#[cfg(test)]
mod model;
mod needle;
#[cfg(test)]
mod properties;
mod replacer;
mod search;
mod spelling;

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::config::ConnectorConfig;
use crate::lock::RwLock;
use crate::report;
pub(crate) use address::MIN_SECRET_BYTES;
use address::is_plain_address;
#[cfg(feature = "bench")]
pub use bench::BenchFinder;
pub(crate) use finder::Finder;
pub(crate) use replacer::Replacer;

/// How many values of one name are kept: a running call may still encounter an earlier value.
const VALUES_OF_A_NAME: usize = 4;

/// The number of characters of a name that its replacement shows.
const MAX_NAME_CHARACTERS: usize = 64;

/// The secrets of one connector: one set, shared by all its versions and calls. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<RwLock<SecretSet>>);

#[derive(Default)]
struct SecretSet {
    connector: Arc<str>,
    secrets: Vec<SecretEntry>,
    /// Built when first needed, and again after a change.
    hidden: OnceLock<Option<Arc<Finder>>>,
    all: OnceLock<Option<Arc<Finder>>>,
}

struct SecretEntry {
    value: String,
    /// The newest values of one place are kept.
    place: String,
    /// The replacement.
    mark: String,
    is_known: bool,
}

impl Secrets {
    pub(crate) fn of(connector: &str) -> Self {
        Self(Arc::new(RwLock::new(SecretSet {
            connector: connector.into(),
            ..SecretSet::default()
        })))
    }

    /// Registers the secrets of a configuration: the connector's keys, those of its credentials, and its secret
    /// variables, which the guest knows.
    pub(crate) fn add_config(&self, config: &ConnectorConfig) {
        for (place, key) in config.api_keys.iter().flatten().enumerate() {
            self.add(key.expose(), &format!("api-key[{place}]"));
        }
        for credential in &config.credentials {
            let name = format!("auth.{}", credential.name);
            for (place, secret) in credential.secrets.iter().enumerate() {
                let place = format!("{name}[{place}]");
                self.keep(secret.expose(), &place, &name, false);
            }
        }
        for (name, value) in &config.env {
            if config.secret_env.contains(name) && !is_plain_address(value) {
                self.add_known(value, &format!("env.{name}"));
            }
        }
    }

    /// Registers a value that nobody may see, including the guest: it is replaced by `[secret NAME]`. The newest four
    /// values of a name are kept. A value of fewer than 12 bytes is not searched for, and a warning says so.
    pub(crate) fn add(&self, value: &str, name: &str) {
        self.keep(value, name, name, false);
    }

    /// Like [`Self::add`], for a value that the operator gave to the guest: the guest may receive it from an API, but
    /// nobody else may see it.
    pub(crate) fn add_known(&self, value: &str, name: &str) {
        self.keep(value, name, name, true);
    }

    /// `place` is the scope in which values are counted: a credential has several under one name.
    fn keep(&self, value: &str, place: &str, name: &str, is_known: bool) {
        let mut inner = self.0.write();
        if value.len() < MIN_SECRET_BYTES {
            tracing::warn!(
                connector = &*inner.connector,
                secret = name,
                "the secret is shorter than {MIN_SECRET_BYTES} bytes: it is not hidden in logs, errors, pages and answers, since \
                that would damage ordinary words; use a longer one"
            );
            return;
        }
        let secrets = &mut inner.secrets;
        let is_same = |secret: &&mut SecretEntry| secret.value == value;
        if let Some(same) = secrets.iter_mut().find(is_same) {
            // A newer configuration may have given it to the guest, or withdrawn it.
            if same.is_known == is_known {
                return;
            }
            same.is_known = is_known;
        } else {
            let of_the_name = secrets
                .iter()
                .filter(|secret| secret.place == place)
                .count();
            if of_the_name >= VALUES_OF_A_NAME
                && let Some(oldest) = secrets.iter().position(|secret| secret.place == place)
            {
                secrets.remove(oldest);
            }
            secrets.push(SecretEntry {
                value: value.to_owned(),
                place: place.to_owned(),
                mark: mark(name),
                is_known,
            });
        }
        inner.hidden = OnceLock::new();
        inner.all = OnceLock::new();
    }

    /// Finds the secrets that the guest must not see; `None` if there are none.
    pub(crate) fn hidden(&self) -> Option<Arc<Finder>> {
        let inner = self.0.read();
        let hidden = || inner.finder(|secret| !secret.is_known);
        inner.hidden.get_or_init(hidden).clone()
    }

    /// Finds the secrets that logs, errors and pages must not show; `None` if there are none.
    pub(crate) fn all(&self) -> Option<Arc<Finder>> {
        let inner = self.0.read();
        inner.all.get_or_init(|| inner.finder(|_| true)).clone()
    }

    /// The beginning of a text for a log or an error: at most `max_bytes`, with `…` if the text is longer. Only the
    /// needed part of the text is searched.
    pub(crate) fn shown_beginning(&self, text: &str, max_bytes: usize) -> String {
        let Some(finder) = self.all() else {
            return report::shortened(text, max_bytes);
        };
        // A replacement may be shorter than its secret, so more of the text may fit.
        let window = text.floor_char_boundary(max_bytes.saturating_mul(2));
        let (window, rest) = text.split_at(window);
        if rest.is_empty() {
            let replaced = finder.replaced_text(window);
            return report::shortened(replaced.as_deref().unwrap_or(window), max_bytes);
        }
        // Anything that the window's end may have truncated is left out.
        let replaced = finder.replaced_beginning(window.as_bytes());
        let mut shown = String::from_utf8_lossy(&replaced).into_owned();
        shown.truncate(shown.floor_char_boundary(max_bytes));
        shown.push('…');
        shown
    }

    /// A text for a log or an error, with its secrets replaced.
    pub(crate) fn shown(&self, text: String) -> String {
        self.all()
            .and_then(|finder| finder.replaced_text(&text))
            .unwrap_or(text)
    }
}

impl SecretSet {
    fn finder(&self, which: impl Fn(&&SecretEntry) -> bool) -> Option<Arc<Finder>> {
        let secrets = self.secrets.iter().filter(which);
        let pairs = secrets.map(|secret| (secret.value.as_str(), secret.mark.as_str()));
        Finder::new(pairs).map(Arc::new)
    }
}

/// A secret's replacement. Its characters are valid in any context, such as a header or a JSON string.
fn mark(name: &str) -> String {
    let plain = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' | '[' | ']' => character,
        _ => '_',
    };
    let name: String = name.chars().take(MAX_NAME_CHARACTERS).map(plain).collect();
    format!("[secret {name}]")
}

/// Shows only the names.
impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.0.read();
        let names = inner.secrets.iter().map(|secret| &secret.place);
        formatter.debug_set().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_text_shows_no_part_of_a_secret() {
        let secrets = Secrets::of("beers");
        let shown = |text: &str| secrets.shown_beginning(text, 20);
        assert_eq!(shown("short"), "short");
        assert_eq!(shown(&"long".repeat(6)), "longlonglonglonglong…");
        secrets.add("hunter2hunter3", "a");
        assert_eq!(shown("it is hunter2hunter3"), "it is [secret a]");
        assert_eq!(shown("hunter2hunter3".repeat(9).as_str()), "[secret a]…");
        // The first 40 bytes are searched, and they end within a secret.
        for before in 26..40 {
            let text = format!("{}hunter2hunter3 and more", "-".repeat(before));
            assert_eq!(shown(&text), format!("{}…", "-".repeat(20)));
        }
        let shrinks = format!("{}hunter2hunter", "hunter2hunter3".repeat(2));
        assert_eq!(shown(&shrinks), "[secret a]…");
        secrets.add(&"b".repeat(12), "b");
        assert_eq!(
            shown(&"b".repeat(90)),
            "[secret b]…",
            "one that has no end so far"
        );
        assert_eq!(shown(&"ä".repeat(30)), format!("{}…", "ä".repeat(10)));
    }
}
