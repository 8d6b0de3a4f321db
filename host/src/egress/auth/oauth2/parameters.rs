//! The parameters of a token request, and the client's authentication.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use serde_json::{Map, Value};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::endpoint::TokenEndpoint;
use super::proof::Proof;
use crate::config::{Assertion, ClientAuth, Grant, OauthClient};
use crate::egress::auth::fault::EndpointFault;
use crate::egress::auth::jwt;
use crate::secrets::Secrets;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CLIENT_JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The part of a request that differs each time.
pub(super) struct TokenParameters {
    /// In the order in which they are sent.
    pairs: Vec<(String, String)>,
    /// Marked as sensitive; `None` if the client doesn't authenticate this way.
    pub(super) authorization: Option<HeaderValue>,
}

/// The parameters of one request. Assertions are signed again for each request, and registered in `secrets`.
pub(super) fn parameters(
    endpoint: &TokenEndpoint,
    secrets: &Secrets,
    proof: Proof<'_>,
) -> Result<TokenParameters, EndpointFault> {
    let config = &endpoint.config;
    let sign = |assertion: &Assertion| -> Result<String, EndpointFault> {
        let token = jwt::token(&assertion.0, SystemTime::now()).ok_or(EndpointFault::Unsigned)?;
        secrets.add(&token, &format!("auth.{}.assertion", endpoint.name));
        Ok(token)
    };
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let mut add = |name, value: &str| pairs.push((name, value.to_owned()));
    match (&config.grant, proof) {
        (_, Proof::Code(code)) => {
            add("grant_type", "authorization_code");
            add("code", code.code.expose());
            add("redirect_uri", &code.redirect_uri);
            if let Some(verifier) = &code.verifier {
                add("code_verifier", verifier.expose());
            }
        }
        (Grant::ClientCredentials, _) => add("grant_type", "client_credentials"),
        (Grant::RefreshToken(_), Proof::Nothing) => return Err(EndpointFault::NoRefreshToken),
        (Grant::RefreshToken(_), Proof::RefreshToken(token)) => {
            add("grant_type", "refresh_token");
            add("refresh_token", token.expose());
        }
        (Grant::Password { username, password }, _) => {
            add("grant_type", "password");
            add("username", username);
            add("password", password.expose());
        }
        (Grant::JwtBearer(assertion), _) => {
            add("grant_type", JWT_BEARER);
            add("assertion", &sign(assertion)?);
        }
        (Grant::Session(parameters), _) => {
            for (name, value) in parameters {
                add(name, value);
            }
        }
    }
    let has_scopes = match proof {
        // A code was issued for the scopes that the person was asked for.
        Proof::Code(_) => false,
        Proof::RefreshToken(_) => config.renews_with_scopes(),
        Proof::Nothing => true,
    };
    if let Some(scope) = config.scope().filter(|_| has_scopes) {
        add("scope", &scope);
    }
    if let Some(audience) = &config.audience {
        add("audience", audience);
    }
    for (name, value) in &config.extra {
        add(name, value);
    }
    let mut authorization = None;
    if let Some(OauthClient { id, auth }) = &config.client {
        match auth {
            ClientAuth::Public => add("client_id", id),
            ClientAuth::Basic(secret) => {
                let pair = format!("{}:{}", form_escaped(id), form_escaped(secret.expose()));
                authorization = Some(basic(&pair, endpoint, secrets)?);
            }
            ClientAuth::BasicRaw(secret) => {
                let pair = format!("{id}:{}", secret.expose());
                authorization = Some(basic(&pair, endpoint, secrets)?);
            }
            ClientAuth::Body(secret) => {
                add("client_id", id);
                add("client_secret", secret.expose());
            }
            ClientAuth::PrivateKeyJwt(assertion) => {
                add("client_id", id);
                add("client_assertion_type", CLIENT_JWT_BEARER);
                add("client_assertion", &sign(assertion)?);
            }
        }
    }
    let pairs = pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Ok(TokenParameters {
        pairs: pairs.collect(),
        authorization,
    })
}

impl TokenParameters {
    /// As a form.
    pub(super) fn form(&self) -> Bytes {
        Serializer::new(String::new())
            .extend_pairs(&self.pairs)
            .finish()
            .into()
    }

    /// As a JSON object. A name that occurs several times has a list.
    pub(super) fn json(&self) -> Bytes {
        let mut object = Map::new();
        for (name, value) in &self.pairs {
            let value = Value::from(value.as_str());
            match object.get_mut(name) {
                None => drop(object.insert(name.clone(), value)),
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
            }
        }
        Value::Object(object).to_string().into()
    }

    /// Appended to the query of a URL.
    pub(super) fn add_to(&self, url: &mut Url) {
        url.query_pairs_mut().extend_pairs(&self.pairs);
    }
}

/// RFC 6749, section 2.3.1, requires both to be escaped as in a form before they are joined.
fn form_escaped(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

fn basic(
    pair: &str,
    endpoint: &TokenEndpoint,
    secrets: &Secrets,
) -> Result<HeaderValue, EndpointFault> {
    let pair = STANDARD.encode(pair);
    secrets.add(&pair, &format!("auth.{}.client", endpoint.name));
    let mut value =
        HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| EndpointFault::Unsigned)?;
    value.set_sensitive(true);
    Ok(value)
}
