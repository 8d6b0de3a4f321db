//! Which credential a guest's request carries.

use std::sync::Arc;

use http::{HeaderName, header};
use url::{Origin, Url};

use super::credentials::Credentials;
use super::error::AuthError;
use super::prepared::{PreparedCredential, SentCredential};
use super::source::CredentialSource;
use crate::egress::attempt::Bearer;
use crate::egress::error::EgressError;
use crate::egress::outgoing::Outgoing;
use crate::egress::upstream::Upstream;
use crate::scope::{CallScope, CredentialFailure, Deadline};
use crate::secrets::Finder;

/// The credential of a guest's request, for all of its tries and redirects.
pub(in crate::egress) struct CredentialChoice<'c> {
    credentials: &'c Credentials,
    upstream: &'c Arc<Upstream>,
    scope: &'c CallScope,
    choice: Choice,
    /// The credential that was obtained for the next try.
    prepared: Option<PreparedCredential>,
    /// The credential that the last try carried, if it can be renewed.
    sent: Option<SentCredential>,
    /// Whether it was renewed because the API refused it.
    is_renewed: bool,
}

enum Choice {
    /// Not made yet: the URL of the request must be permitted first. The credential that the guest named, if any.
    Open(Option<String>),
    /// This credential, or none, for a request that begins at this origin.
    Made(Option<Arc<CredentialSource>>, Origin),
}

impl<'c> CredentialChoice<'c> {
    /// Chooses among `credentials`: the one that the guest `named`, or the one that applies to the URL.
    pub(in crate::egress) fn new(
        credentials: &'c Credentials,
        upstream: &'c Arc<Upstream>,
        scope: &'c CallScope,
        named: Option<String>,
    ) -> Self {
        Self {
            credentials,
            upstream,
            scope,
            choice: Choice::Open(named),
            prepared: None,
            sent: None,
            is_renewed: false,
        }
    }

    /// The credential for this URL. The first request decides which one it can be. A redirect never adds another one,
    /// since the API decides where it leads, and not the connector.
    ///
    /// # Errors
    ///
    /// The credential that the guest named doesn't exist or applies elsewhere, or the guest named none and several
    /// apply.
    fn choose(&mut self, url: &Url) -> Result<Option<Arc<CredentialSource>>, AuthError> {
        match &self.choice {
            Choice::Made(source, _) => Ok(source.clone().filter(|source| source.holds_for(url))),
            Choice::Open(named) => {
                let source = match named {
                    Some(name) => Some(self.credentials.named_for(name, url)?),
                    None => self.credentials.matching(url)?,
                };
                self.choice = Choice::Made(source.clone(), url.origin());
                Ok(source)
            }
        }
    }

    /// Which credential the host added to the request for this URL, for the message of its refusal. `None` if none was
    /// chosen yet.
    pub(in crate::egress) fn added(&self, url: &Url) -> Option<String> {
        let file = &self.upstream.config_file;
        match &self.choice {
            Choice::Open(_) => None,
            Choice::Made(Some(source), _) if source.holds_for(url) => {
                let name = source.name();
                Some(format!(
                    "the host had added the credential of [auth.{name}] in {file}"
                ))
            }
            Choice::Made(Some(source), _) => {
                let (name, origin) = (source.name(), url.origin().ascii_serialization());
                Some(format!(
                    "the credential of [auth.{name}] in {file} doesn't apply to this URL of {origin}, where the API's \
                     redirect led, so the host had not added it"
                ))
            }
            Choice::Made(None, _) if self.credentials.is_empty() => Some(format!(
                "{file} has no section [auth.NAME], so the host had added no credential"
            )),
            Choice::Made(None, origin) => Some(format!(
                "no section [auth.NAME] of {file} applies to this URL of {}, so the host had added no credential",
                origin.ascii_serialization()
            )),
        }
    }

    async fn obtain(
        &mut self,
        url: &Url,
        deadline: Deadline,
    ) -> Result<Option<PreparedCredential>, EgressError> {
        let Some(source) = self.choose(url)? else {
            return Ok(None);
        };
        let prepared = source.prepare(self.upstream, self.scope, deadline).await?;
        Ok(Some(prepared))
    }

    /// Refuses requests for parts of a response with a credential that doesn't allow them.
    fn check_ranges(&self, request: &Outgoing) -> Result<(), AuthError> {
        let Choice::Made(Some(source), _) = &self.choice else {
            return Ok(());
        };
        let asked = request.headers.keys().find(|name| asks_for_a_part(name));
        match asked {
            Some(name) if !source.may_ask_for_ranges() => Err(AuthError::Range {
                name: source.name().to_owned(),
                header: name.as_str().to_owned(),
                file: self.upstream.config_file.clone(),
            }),
            _ => Ok(()),
        }
    }

    fn begins_at(&self, url: &Url) -> bool {
        matches!(&self.choice, Choice::Made(_, origin) if *origin == url.origin())
    }

    /// Notes in the call's scope why there is no credential.
    fn noted(&self, error: EgressError) -> EgressError {
        if let EgressError::Credentials(failure) = &error {
            let failure = CredentialFailure {
                cause: failure.told(),
                is_temporary: failure.is_temporary(),
            };
            self.scope.network.note_credential(Some(failure));
        }
        error
    }
}

/// Whether a header may request a part of a response. Servers know more names than the standard: Apache
/// `Request-Range`, Azure `x-ms-range`. `Content-Range` says which part a request's own body is.
fn asks_for_a_part(name: &HeaderName) -> bool {
    name.as_str().ends_with("range") && *name != header::CONTENT_RANGE
}

impl Bearer for CredentialChoice<'_> {
    async fn prepare(&mut self, url: &Url, deadline: Deadline) -> Result<bool, EgressError> {
        let obtained = self.obtain(url, deadline).await;
        self.prepared = obtained.map_err(|error| self.noted(error))?;
        Ok(self
            .prepared
            .as_ref()
            .is_some_and(PreparedCredential::was_awaited))
    }

    fn holds(&self) -> bool {
        self.prepared.as_ref().is_none_or(PreparedCredential::holds)
    }

    fn add(&mut self, request: &mut Outgoing) -> Result<(), EgressError> {
        let Some(prepared) = self.prepared.take() else {
            return Ok(());
        };
        self.check_ranges(request)
            .map_err(|error| self.noted(error.into()))?;
        let sent = prepared.add(request, &self.upstream.secrets);
        self.sent = sent.map_err(|error| self.noted(error))?;
        self.scope.network.note_credential(None);
        Ok(())
    }

    fn may_renew(&self) -> bool {
        match &self.choice {
            Choice::Open(_) => self.credentials.may_renew(),
            Choice::Made(source, _) => source.as_ref().is_some_and(|source| source.may_renew()),
        }
    }

    /// Renews only once, and not at another origin that the API has led to.
    fn renews(&mut self, is_refused: bool, url: &Url, is_repeatable: bool) -> bool {
        let Some(sent) = self.sent.take() else {
            return false;
        };
        if !is_refused {
            sent.was_accepted(url);
            return false;
        }
        if self.is_renewed || !self.begins_at(url) {
            return false;
        }
        // It is discarded even if this request can't be repeated: the next request gets another one.
        let renews = sent.discard(url) && is_repeatable && self.scope.network.try_call();
        self.is_renewed |= renews;
        renews
    }

    fn hidden(&self) -> Option<Arc<Finder>> {
        self.upstream.secrets.hidden()
    }
}
