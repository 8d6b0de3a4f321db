//! The notes on a table that are kept between syncs, in addition to its state: the kinds of its columns, and the
//! connector's variables.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::checks::ValueKind;
use crate::report;

/// A connector's variables, to detect when they change.
#[derive(Clone, Default)]
pub struct ConnectorVariables(BTreeMap<String, Option<String>>);

impl ConnectorVariables {
    /// Takes names and values. The value of a secret must be `None`: it may change, and is not stored.
    pub fn new(variables: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// Whether there is a variable of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl std::fmt::Debug for ConnectorVariables {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// The notes on a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct TableNotes {
    /// The first kind of value in each column, by the column's name.
    pub(super) kinds: BTreeMap<String, ValueKind>,
    /// The variables by name, each with a digest of `salt` and the value, or `None` for a secret. No map before the
    /// variables are known.
    variables: Option<BTreeMap<String, Option<String>>>,
    /// The names of the variables that have changed since the table was started.
    changed: BTreeSet<String>,
    salt: String,
}

impl TableNotes {
    /// Reads the output of [`to_json`](Self::to_json). Anything else results in empty notes.
    pub(super) fn from_json(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Stores the variables, and returns the names of those that have changed since the last call; none on the first
    /// call.
    pub(super) fn set_variables(&mut self, variables: &ConnectorVariables) -> Vec<String> {
        if self.salt.is_empty() {
            self.salt = format!("{:016x}", RandomState::new().hash_one(std::process::id()));
        }
        let digests: BTreeMap<_, _> = variables
            .0
            .iter()
            .map(|(name, value)| {
                let digest = value.as_ref().map(|value| self.digest(name, value));
                (name.clone(), digest)
            })
            .collect();
        let Some(before) = self.variables.replace(digests.clone()) else {
            return Vec::new();
        };
        let changed = |name: &&String| before.get(*name) != digests.get(*name);
        let names = before.keys().chain(digests.keys()).filter(changed);
        let names: BTreeSet<_> = names.cloned().collect();
        self.changed.extend(names.iter().cloned());
        names.into_iter().collect()
    }

    /// The names of the variables that have changed since the table was started, whether reported or not.
    pub(super) fn changed_variables(&self) -> Vec<String> {
        self.changed.iter().cloned().collect()
    }

    /// Forgets the changes, since the table starts over with the current variables.
    pub(super) fn forget_changes(&mut self) {
        self.changed.clear();
    }

    fn digest(&self, name: &str, value: &str) -> String {
        // Names contain no NUL.
        let text = format!("{}\0{name}\0{value}", self.salt);
        report::hexadecimal(&Sha256::digest(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(list: &[(&str, Option<&str>)]) -> ConnectorVariables {
        let owned =
            |(name, value): &(&str, Option<&str>)| ((*name).to_owned(), value.map(str::to_owned));
        ConnectorVariables::new(list.iter().map(owned))
    }

    #[test]
    fn changed_variables_are_named_and_secrets_may_change() {
        let before = variables(&[
            ("KEY", None),
            ("SINCE", Some("2026-01-01")),
            ("SHOP", Some("a")),
        ]);
        let mut notes = TableNotes::default();
        assert_eq!(notes.set_variables(&before), [""; 0]);
        for (now, expected) in [
            (before.clone(), vec![]),
            (
                variables(&[
                    ("KEY", None),
                    ("SINCE", Some("2025-01-01")),
                    ("SHOP", Some("a")),
                ]),
                vec!["SINCE"],
            ),
            (
                variables(&[("KEY", None), ("SINCE", Some("2026-01-01"))]),
                vec!["SHOP"],
            ),
            (
                variables(&[
                    ("SINCE", Some("2026-01-01")),
                    ("SHOP", Some("a")),
                    ("NEW", None),
                ]),
                vec!["KEY", "NEW"],
            ),
        ] {
            let mut notes = TableNotes::from_json(&notes.to_json());
            assert_eq!(notes.set_variables(&now), expected);
            assert_eq!(notes.set_variables(&now), [""; 0]);
        }
    }

    #[test]
    fn changes_are_remembered_until_the_table_starts_over() {
        let mut notes = TableNotes::default();
        for (name, value, expected) in [
            ("A", "1", vec![]),
            ("A", "2", vec!["A"]),
            ("A", "2", vec!["A"]),
            ("B", "2", vec!["A", "B"]),
            // Rows from the time of the other value are still there.
            ("A", "1", vec!["A", "B"]),
        ] {
            notes = TableNotes::from_json(&notes.to_json());
            notes.set_variables(&variables(&[(name, Some(value))]));
            assert_eq!(notes.changed_variables(), expected, "{name} {value}");
        }
        notes.forget_changes();
        notes.set_variables(&variables(&[("A", Some("1"))]));
        assert_eq!(notes.changed_variables(), [""; 0]);
    }

    #[test]
    fn values_are_not_written_and_digests_differ_each_time() {
        let secret = variables(&[("SINCE", Some("2026-01-01"))]);
        let written = || {
            let mut notes = TableNotes::default();
            notes.set_variables(&secret);
            notes.to_json()
        };
        assert!(!written().contains("2026"));
        assert_ne!(written(), written());
        assert!(!format!("{secret:?}").contains("2026"));
    }
}
