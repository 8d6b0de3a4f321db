//! All credentials of a connector, and the choice among them for a URL.

use std::sync::Arc;

use url::Url;

use super::error::AuthError;
use super::oauth2::Tokens;
use super::source::CredentialSource;
use crate::config::{Credential, Oauth2Config};
use crate::egress::upstream::Upstream;
use crate::report;
use crate::scope::{CallScope, CredentialFailure};

/// The greatest shown length of a name that a guest made up.
const SHOWN_NAME_BYTES: usize = 63;

/// All credentials of one connector.
pub(in crate::egress) struct Credentials {
    all: Vec<Arc<CredentialSource>>,
    /// The file that an error's message names.
    config_file: String,
}

impl Credentials {
    /// Takes over the tokens of those of `previous` that are unchanged, and the refresh tokens of the others.
    pub(in crate::egress) fn new(
        credentials: &[Credential],
        config_file: String,
        previous: Option<&Self>,
    ) -> Self {
        let source = |credential: &Credential| {
            let kept = |config: &Arc<Oauth2Config>| previous?.kept(&credential.name, config);
            Arc::new(CredentialSource::new(credential.clone(), kept))
        };
        Self {
            all: credentials.iter().map(source).collect(),
            config_file,
        }
    }

    /// Whether the connector has none.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether any of them can be renewed once an API refuses it.
    pub(super) fn may_renew(&self) -> bool {
        self.all.iter().any(|source| source.may_renew())
    }

    /// The connector's variables that come from token endpoints' answers. Obtains a token for them if there is none.
    /// If that fails, the reason is noted in the call's scope, and the variables are missing.
    pub(in crate::egress) async fn variables(
        &self,
        upstream: &Arc<Upstream>,
        scope: &CallScope,
    ) -> Vec<(String, String)> {
        let mut variables = Vec::new();
        let tokens = self.all.iter().filter_map(|source| source.tokens());
        for tokens in tokens.filter(|tokens| tokens.has_variables()) {
            match tokens.token(upstream, scope, scope.deadline).await {
                Ok(_) => variables.extend(tokens.variables()),
                Err(error) => {
                    let cause = error.told();
                    tracing::warn!(
                        connector = &*upstream.connector,
                        cause,
                        "the variables from the token endpoint's answer are missing from this call"
                    );
                    scope.network.note_credential(Some(CredentialFailure {
                        cause,
                        is_temporary: error.is_temporary(),
                    }));
                }
            }
        }
        variables
    }

    /// The tokens of the credential of this name and of the kind `oauth2`.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unknown`]: there is no such credential.
    pub(in crate::egress) fn tokens(&self, name: &str) -> Result<&Arc<Tokens>, AuthError> {
        let source = self.named(name)?;
        source.tokens().ok_or_else(|| self.unknown(name))
    }

    /// The credential of this name, if it applies to this URL.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unknown`] and [`AuthError::Elsewhere`].
    pub(super) fn named_for(
        &self,
        name: &str,
        url: &Url,
    ) -> Result<Arc<CredentialSource>, AuthError> {
        let source = self.named(name)?;
        if !source.holds_for(url) {
            return Err(AuthError::Elsewhere {
                name: name.to_owned(),
                origin: url.origin().ascii_serialization(),
                file: self.config_file.clone(),
            });
        }
        Ok(source.clone())
    }

    /// The credential that applies to this URL; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`AuthError::Ambiguous`]: several apply.
    pub(in crate::egress) fn matching(
        &self,
        url: &Url,
    ) -> Result<Option<Arc<CredentialSource>>, AuthError> {
        let mut holding: Vec<Arc<CredentialSource>> = self
            .all
            .iter()
            .filter(|source| source.holds_for(url))
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

    fn kept(&self, name: &str, config: &Arc<Oauth2Config>) -> Option<Arc<Tokens>> {
        let source = self.all.iter().find(|source| source.name() == name)?;
        let tokens = source.tokens()?;
        Some(if tokens.are_of(config) {
            tokens.clone()
        } else {
            Arc::new(tokens.changed(config.clone()))
        })
    }

    fn named(&self, name: &str) -> Result<&Arc<CredentialSource>, AuthError> {
        let found = self.all.iter().find(|source| source.name() == name);
        found.ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> AuthError {
        AuthError::Unknown {
            name: report::shortened(&report::escaped(name), SHOWN_NAME_BYTES),
            names: names(&self.all),
            file: self.config_file.clone(),
        }
    }
}

fn names(all: &[Arc<CredentialSource>]) -> Vec<String> {
    all.iter().map(|source| source.name().to_owned()).collect()
}
