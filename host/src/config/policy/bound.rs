//! What one key of the policy permits.

use std::path::{Path, PathBuf};

use super::place::PolicyPlace;
use crate::config::wildcard;

/// The values that one key of the policy permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyBound<T> {
    /// What is permitted.
    pub permitted: T,
    /// The key.
    pub place: PolicyPlace,
    /// The value as the file writes it, without secrets.
    pub(super) shown: String,
}

impl<T> PolicyBound<T> {
    pub(super) fn line(&self) -> (&PolicyPlace, &str) {
        (&self.place, &self.shown)
    }
}

/// What connectors may name, by the names of the connectors. A connector may name whatever one of the grants for it
/// permits.
pub type ConnectorGrants<T> = Vec<ConnectorGrant<T>>;

/// What some connectors may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorGrant<T> {
    /// The connectors' names, in which `*` is any text.
    connectors: String,
    permitted: Vec<T>,
    place: PolicyPlace,
}

impl<T> ConnectorGrant<T> {
    pub(super) fn new(connectors: String, permitted: Vec<T>, place: PolicyPlace) -> Self {
        Self {
            connectors,
            permitted,
            place,
        }
    }
}

impl<T> PolicyBound<ConnectorGrants<T>> {
    /// Whether a grant for this connector permits something for which `is_meant` holds.
    ///
    /// # Errors
    ///
    /// The line to change: that of the connector's last grant, or of the whole key.
    pub(super) fn check(
        &self,
        connector: &str,
        is_meant: impl Fn(&T) -> bool,
    ) -> Result<(), &PolicyPlace> {
        let mut place = &self.place;
        for grant in &self.permitted {
            if wildcard::matches(&grant.connectors, connector) {
                if grant.permitted.iter().any(&is_meant) {
                    return Ok(());
                }
                place = &grant.place;
            }
        }
        Err(place)
    }
}

/// The name of a variable, in which `*` is any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariablePattern(pub(super) String);

impl VariablePattern {
    pub(super) fn matches(&self, name: &str) -> bool {
        wildcard::matches(&self.0, name)
    }
}

/// A file, or a folder with everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretPlace(pub(super) PathBuf);

impl SecretPlace {
    /// Whether a file, whose path has no links, is this one or below this folder.
    pub(super) fn contains(&self, file: &Path) -> bool {
        // The folder itself may be a link, such as `/run` on some systems, or behind one.
        let real = self.0.canonicalize();
        file.starts_with(real.as_deref().unwrap_or(&self.0))
    }
}
