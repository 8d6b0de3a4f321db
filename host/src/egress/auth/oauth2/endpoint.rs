//! A token endpoint as a credential's configuration describes it, and the state of its refresh token.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use url::Url;

use super::advice::Symptom;
use super::memory::RefreshMemory;
use super::proof::Proof;
use super::token::Token;
use crate::config::{Grant, Oauth2Config, Secret};
use crate::egress::auth::error::EndpointError;
use crate::egress::auth::fault::EndpointFault;
use crate::egress::upstream::Upstream;
use crate::lock::Mutex;
use crate::secrets::Secrets;
use crate::traces::CallTrace;
use crate::waits::Waits;

/// Shorter tokens are not searched for in a variable's value: they may be part of any word.
const MIN_TOKEN_BYTES: usize = 4;

/// The token endpoint of one credential.
pub(super) struct TokenEndpoint {
    /// The name of the credential.
    pub(super) name: Arc<str>,
    pub(super) config: Arc<Oauth2Config>,
    pub(super) refresh: RefreshMemory,
    /// The connector's variables from the last answers.
    variables: Mutex<Vec<(String, String)>>,
    /// The waits of the current request; `None` if there is no request.
    waits: Mutex<Option<Arc<Waits>>>,
    /// The trace of the current request; `None` if it isn't recorded.
    trace: Mutex<Option<CallTrace>>,
}

impl TokenEndpoint {
    /// Begins with the configured refresh token, if there is one.
    pub(super) fn new(name: Arc<str>, config: Arc<Oauth2Config>) -> Self {
        Self {
            name,
            refresh: RefreshMemory::new(config.grant.refresh_token().cloned()),
            config,
            variables: Mutex::default(),
            waits: Mutex::default(),
            trace: Mutex::default(),
        }
    }

    /// The same endpoint under a changed configuration. If the configured refresh token is unchanged, the token that
    /// replaced it stays in use, as it does on disk.
    pub(super) fn changed(&self, config: Arc<Oauth2Config>) -> Self {
        let new = Self::new(self.name.clone(), config);
        let seed = |endpoint: &Self| endpoint.seed().map(|seed| seed.expose().to_owned());
        if seed(self) != seed(&new) {
            return new;
        }
        Self {
            refresh: self.refresh.clone(),
            ..new
        }
    }

    /// Notes that a request begins, or that none is under way any more.
    pub(super) fn wait_with(&self, waits: Option<Arc<Waits>>) {
        *self.waits.lock() = waits;
    }

    /// Sets the trace that the next request belongs to.
    pub(super) fn trace_with(&self, trace: Option<CallTrace>) {
        *self.trace.lock() = trace;
    }

    /// The trace of the current request.
    pub(super) fn trace(&self) -> Option<CallTrace> {
        self.trace.lock().clone()
    }

    /// The time until which the current request waits, if it is known.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.waits.lock().as_ref()?.current()?.until
    }

    /// The configured refresh token.
    pub(super) fn seed(&self) -> Option<&Secret> {
        self.config.grant.refresh_token()
    }

    /// A token to send. It is hidden from now on. `asked` is the time of its request.
    ///
    /// # Errors
    ///
    /// [`EndpointFault::NoHeader`].
    pub(super) fn token(
        &self,
        access_token: &Secret,
        asked: Instant,
        expires_in: Option<Duration>,
        secrets: &Secrets,
    ) -> Result<Token, EndpointFault> {
        let name = format!("auth.{}.token", self.name);
        secrets.add(access_token.expose(), &name);
        let prefix = &self.config.prefix;
        // Some endpoints put the prefix before the token.
        let token = access_token.expose();
        let has_prefix = token
            .split_at_checked(prefix.len())
            .filter(|(begin, _)| !prefix.is_empty() && begin.eq_ignore_ascii_case(prefix));
        let bare = has_prefix.map_or(token, |(_, rest)| rest);
        let place = self.config.place.clone();
        let addition = place
            .addition(format!("{prefix}{bare}"))
            .map_err(|_| EndpointFault::NoHeader)?;
        Ok(Token::new(addition, asked, expires_in))
    }

    /// The variables that the connector's calls get from the answers: names and values.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        self.variables.lock().clone()
    }

    /// Takes over the variables of an answer; variables that it lacks stay as they are. A variable that contains one
    /// of these tokens or another secret, as an address may, is skipped: the connector never gets it.
    ///
    /// # Errors
    ///
    /// [`EndpointFault::NoVariable`] and [`EndpointFault::VariableElsewhere`]; then nothing is taken over.
    pub(super) fn take_variables(
        &self,
        mut new: Vec<(String, String)>,
        tokens: [Option<&Secret>; 2],
        upstream: &Upstream,
    ) -> Result<(), EndpointFault> {
        let hidden = upstream.secrets.hidden();
        let holds_secret = |value: &str| {
            let mut tokens = tokens.iter().flatten().map(|token| token.expose());
            let is_token = |token: &str| token.len() >= MIN_TOKEN_BYTES && value.contains(token);
            let finder = hidden.as_ref();
            tokens.any(is_token)
                || finder.is_some_and(|finder| finder.replaced_text(value).is_some())
        };
        let mut passed_over = Vec::new();
        new.retain(|(name, value)| {
            let is_passed_over = holds_secret(value);
            if is_passed_over {
                tracing::warn!(
                    connector = &*upstream.connector,
                    credential = &*self.name,
                    variable = &**name,
                    "this field of the token endpoint's answer contains the token or another secret; the connector \
                     doesn't get the variable"
                );
                passed_over.push(name.clone());
            }
            !is_passed_over
        });
        let allow = &upstream.allow;
        for (name, value) in &new {
            let url = Url::parse(value).ok();
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
            if let Some(url) = url.filter(|url| !allow.permits_some(url)) {
                return Err(EndpointFault::VariableElsewhere {
                    name: name.clone(),
                    origin: url.origin().ascii_serialization(),
                    rule: allow.suggestion("GET", &url),
                });
            }
        }
        let mut variables = self.variables.lock();
        let has = |list: &[(String, String)], name: &str| list.iter().any(|(own, _)| own == name);
        let missing = self.config.answer.variables.iter().find(|(name, _)| {
            !has(&new, name) && !has(&variables, name) && !passed_over.contains(name)
        });
        if let Some((name, path)) = missing {
            return Err(EndpointFault::NoVariable {
                name: name.clone(),
                path: path.dotted(),
            });
        }
        variables.retain(|(name, _)| !has(&new, name) && !passed_over.contains(name));
        variables.extend(new);
        Ok(())
    }

    /// Hides this refresh token from now on.
    pub(super) fn hide_refresh_token(&self, token: &Secret, secrets: &Secrets) {
        secrets.add(token.expose(), &format!("auth.{}.refresh", self.name));
    }

    /// The target of a request with this proof.
    pub(super) fn url(&self, proof: Proof<'_>) -> &Url {
        let refresh_url = self.config.shape.refresh_url.as_ref();
        refresh_url
            .filter(|_| matches!(proof, Proof::RefreshToken(_)))
            .unwrap_or(&self.config.token_url)
    }

    /// A fault before the endpoint was asked, as it is reported to the callers that wait for the token.
    pub(super) fn error(&self, upstream: &Upstream, fault: EndpointFault) -> EndpointError {
        self.error_of(upstream, Symptom::unasked(fault))
    }

    /// The same for a fault with the known symptoms of its request.
    pub(super) fn error_of(&self, upstream: &Upstream, symptom: Symptom<'_>) -> EndpointError {
        let advice = symptom.advice(&self.config, &self.login_command(upstream));
        EndpointError {
            name: self.name.to_string(),
            file: upstream.config_file.clone(),
            origin: self.url(symptom.proof).origin().ascii_serialization(),
            url_key: match self.config.grant {
                Grant::Session(_) => "login-url",
                _ => "token-url",
            },
            status: symptom.status,
            advice: advice.map(String::into_boxed_str),
            fault: symptom.fault.shown_by(&upstream.secrets),
        }
    }

    /// The command for a person to log in with.
    pub(super) fn login_command(&self, upstream: &Upstream) -> String {
        let (connector, name) = (&upstream.connector, &self.name);
        format!("`weld-host auth login {connector} --credential {name}`")
    }
}
