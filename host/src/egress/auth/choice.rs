//! Which credential a request carries.

use std::sync::Arc;

use url::Url;

use super::{AuthError, Credentials, Held};
use crate::report;

/// How much of a name that a guest made up is shown.
const SHOWN_NAME_BYTES: usize = 63;

/// Which credential a request carries, with all of its tries and redirects.
pub(in crate::egress) enum Choice<'c> {
    /// One of these; not known before the request's URL is permitted. The guest may have named one.
    Open(&'c Credentials, Option<String>),
    /// This one, or none.
    Made(Option<Arc<Held>>),
}

impl Choice<'_> {
    /// The credential that goes to this URL. The first request decides which one it can be: a redirect brings no other
    /// one with it, since it is an API that says where it leads, and not the connector.
    ///
    /// # Errors
    ///
    /// The one that the guest named doesn't exist or holds elsewhere, or it named none, and several hold.
    pub(in crate::egress) fn choose(&mut self, url: &Url) -> Result<Option<Arc<Held>>, AuthError> {
        match self {
            Self::Made(made) => Ok(made
                .as_ref()
                .filter(|held| held.credential.holds_for(url))
                .cloned()),
            Self::Open(credentials, name) => {
                let made = match name.take() {
                    Some(name) => Some(credentials.named_for(&name, url)?),
                    None => credentials.matching(url)?,
                };
                *self = Self::Made(made.clone());
                Ok(made)
            }
        }
    }

    /// Whether it can be one that is had anew once an API refuses it.
    pub(in crate::egress) fn may_renew(&self) -> bool {
        match self {
            Self::Open(credentials, _) => credentials.all.iter().any(|held| held.may_renew()),
            Self::Made(made) => made.as_ref().is_some_and(|held| held.may_renew()),
        }
    }
}

impl Credentials {
    /// The credential of this name, wherever it holds.
    pub(super) fn named(&self, name: &str) -> Result<&Arc<Held>, AuthError> {
        let found = self
            .all
            .iter()
            .find(|known| &*known.credential.name == name);
        found.ok_or_else(|| self.unknown(name))
    }

    pub(super) fn unknown(&self, name: &str) -> AuthError {
        AuthError::Unknown {
            name: report::shortened(&report::escaped(name), SHOWN_NAME_BYTES),
            names: names(&self.all),
            file: self.config_file.clone(),
        }
    }

    fn named_for(&self, name: &str, url: &Url) -> Result<Arc<Held>, AuthError> {
        let held = self.named(name)?;
        if !held.credential.holds_for(url) {
            return Err(AuthError::Elsewhere {
                name: name.to_owned(),
                origin: url.origin().ascii_serialization(),
                file: self.config_file.clone(),
            });
        }
        Ok(held.clone())
    }

    fn matching(&self, url: &Url) -> Result<Option<Arc<Held>>, AuthError> {
        let mut holding: Vec<Arc<Held>> = self
            .all
            .iter()
            .filter(|held| held.credential.holds_for(url))
            .cloned()
            .collect();
        if holding.len() > 1 {
            return Err(AuthError::Ambiguous {
                names: names(&holding),
                origin: url.origin().ascii_serialization(),
                file: self.config_file.clone(),
            });
        }
        Ok(holding.pop())
    }
}

fn names(all: &[Arc<Held>]) -> Vec<String> {
    all.iter()
        .map(|held| held.credential.name.to_string())
        .collect()
}
