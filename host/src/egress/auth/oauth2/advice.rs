//! Advice against a refusal, by its symptoms.

use super::proof::Proof;
use crate::config::{ClientAuth, Grant, Oauth2Config, ParameterPlace};
use crate::egress::auth::fault::EndpointFault;

/// Codes of refusals that may be about the client, and codes with status 401 that are not.
const CLIENT_CODES: [&str; 4] = [
    "",
    "invalid_client",
    "invalid_request",
    "unauthorized_client",
];
const OTHER_CODES: [&str; 4] = [
    "invalid_grant",
    "invalid_scope",
    "unsupported_grant_type",
    "access_denied",
];

/// How a request for a token failed.
pub(super) struct Symptom<'a> {
    /// The status of the endpoint's last answer, if there was one.
    pub(super) status: Option<u16>,
    pub(super) fault: EndpointFault,
    pub(super) proof: Proof<'a>,
    /// Whether an earlier try may have been answered with a new refresh token that never arrived.
    pub(super) may_be_lost: bool,
    /// Whether the answer had a new refresh token, which is kept.
    pub(super) is_kept: bool,
}

impl Symptom<'_> {
    /// The symptom of a fault before the endpoint was asked.
    pub(super) fn unasked(fault: EndpointFault) -> Self {
        Self {
            status: None,
            fault,
            proof: Proof::Nothing,
            may_be_lost: false,
            is_kept: false,
        }
    }

    /// What may help, or must be done; `None` if the fault explains itself. `login` is the command for a person to
    /// log in with.
    pub(super) fn advice(&self, config: &Oauth2Config, login: &str) -> Option<String> {
        let new_login = || match config.login {
            Some(_) => format!("log in again with {login}"),
            None => "configure a new `refresh-token`".to_owned(),
        };
        let is_renewal = matches!(self.proof, Proof::RefreshToken(_));
        match &self.fault {
            EndpointFault::NoRefreshToken => Some(format!("log in with {login}")),
            fault if is_renewal && fault.is_dead_refresh_token() => {
                let lost = "an earlier answer was lost, perhaps with a new refresh token; ";
                let lost = if self.may_be_lost { lost } else { "" };
                Some(format!(
                    "{lost}the refresh token is no longer valid or was already used; {}",
                    new_login()
                ))
            }
            EndpointFault::Refused { code, description } => self.setting(config, code, description),
            _ if self.loses() => Some(format!(
                "if the answer contained a new refresh token, it is lost and the next renewal will be refused; in \
                 that case {}",
                new_login()
            )),
            EndpointFault::Html | EndpointFault::Empty => self.setting(config, "", ""),
            _ => None,
        }
    }

    /// Whether the answer may have had a new refresh token that is lost.
    pub(super) fn loses(&self) -> bool {
        let is_lost = match &self.fault {
            EndpointFault::Html
            | EndpointFault::Empty
            | EndpointFault::Unreadable
            | EndpointFault::NoToken { .. }
            | EndpointFault::TooLarge { .. }
            | EndpointFault::OtherType { .. }
            | EndpointFault::NoHeader => self.is_good(),
            EndpointFault::Unreached { was_asked, .. } => *was_asked,
            _ => false,
        };
        is_lost && !self.is_kept && matches!(self.proof, Proof::RefreshToken(_))
    }

    /// Whether a lost refresh token can't be excluded: a gateway answered in place of the endpoint, which may have
    /// granted the request.
    pub(super) fn may_lose(&self) -> bool {
        let is_gateway = self.status.is_some_and(|status| status >= 500);
        self.loses() || (is_gateway && matches!(self.proof, Proof::RefreshToken(_)))
    }

    fn is_good(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// The setting that a refusal of the request's form points to.
    fn setting(&self, config: &Oauth2Config, code: &str, description: &str) -> Option<String> {
        let said = format!("{code} {description}").to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let is_renewal = matches!(self.proof, Proof::RefreshToken(_));
        let body = config.shape.body;
        if self.status == Some(415) || says(&["content-type", "content type", "media type"]) {
            let other = match body {
                ParameterPlace::Form => "json",
                ParameterPlace::Json | ParameterPlace::Query => "form",
            };
            return Some(format!(
                "it may expect its parameters in another form: set `body = \"{other}\"`"
            ));
        }
        if self.status == Some(405) {
            return Some(
                "it may expect another method: set `method = \"GET\"` or \"POST\"".to_owned(),
            );
        }
        if self.status == Some(404) && is_renewal && config.shape.refresh_url.is_none() {
            return Some("renewals may have their own address: set `refresh-url`".to_owned());
        }
        if matches!(config.grant, Grant::Session(_)) {
            return None;
        }
        if says(&["code_verifier", "code_challenge", "pkce"]) {
            return Some("it may not support PKCE: set `pkce = false`".to_owned());
        }
        if says(&["redirect_uri", "redirect uri"]) {
            return Some("`redirect-uri` must be the one registered there".to_owned());
        }
        if is_renewal && !config.scopes.is_empty() && says(&["scope"]) {
            let other = !config.renews_with_scopes();
            let verb = if other { "require" } else { "refuse" };
            return Some(format!(
                "it may {verb} scopes in a renewal: set `scopes-in-renewals = {other}`"
            ));
        }
        if says(&["grant_type"]) && code != "unsupported_grant_type" {
            return Some(format!(
                "it may not look for the parameters in a {}: set `body` to \"form\", \"json\" or \"query\"",
                body.name()
            ));
        }
        let may_be_the_client = match self.status {
            Some(400 | 403) => CLIENT_CODES.contains(&code),
            Some(401) => !OTHER_CODES.contains(&code),
            _ => false,
        };
        let client = config.client.as_ref().filter(|_| may_be_the_client)?;
        client_advice(&client.auth, &config.grant).map(str::to_owned)
    }
}

/// The other ways in which the client can authenticate.
fn client_advice(auth: &ClientAuth, grant: &Grant) -> Option<&'static str> {
    match auth {
        ClientAuth::Basic(secret) if needs_escapes(secret.expose()) => Some(
            "it may expect the client's secret in another form: set `client-auth = \"basic-raw\"`, which doesn't \
             escape it, or \
             \"body\"",
        ),
        ClientAuth::Basic(_) | ClientAuth::BasicRaw(_) => {
            Some("it may expect the client's secret in another form: set `client-auth = \"body\"`")
        }
        ClientAuth::Body(_) => Some(
            "it may expect the client's secret in another form: set `client-auth = \"basic\"` or \"basic-raw\"",
        ),
        ClientAuth::Public if !matches!(grant, Grant::JwtBearer(_)) => {
            Some("it may require a `client-secret`")
        }
        ClientAuth::Public | ClientAuth::PrivateKeyJwt(_) => None,
    }
}

/// Whether a form escapes any character of the text.
fn needs_escapes(text: &str) -> bool {
    !text
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || "-_.*".contains(letter))
}
