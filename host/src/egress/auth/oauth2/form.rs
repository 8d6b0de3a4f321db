//! What a token is asked for with: a form, and the client's proof.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderValue;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::endpoint::TokenEndpoint;
use crate::config::{Assertion, ClientAuth, Grant, OauthClient, Secret};
use crate::egress::auth::error::EndpointFault;
use crate::egress::auth::jwt;
use crate::secrets::Secrets;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CLIENT_JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A request's own part.
pub(super) struct Form {
    pub(super) body: Bytes,
    /// Marked as sensitive; none where the client doesn't prove itself so.
    pub(super) authorization: Option<HeaderValue>,
}

/// What is shown to the endpoint besides what the configuration has.
#[derive(Clone, Copy)]
pub(super) enum Proof<'a> {
    Nothing,
    RefreshToken(&'a Secret),
    Code(&'a AuthorizationCode),
}

/// What a person's permission came to (RFC 6749, section 4.1.3).
pub(crate) struct AuthorizationCode {
    /// As the redirect brought it.
    pub(crate) code: Secret,
    /// Where the redirect went.
    pub(crate) redirect_uri: String,
    /// What the challenge was made of (RFC 7636).
    pub(crate) verifier: Secret,
}

/// A form for one request: what is signed for it is signed anew each time. `secrets` are told of that.
pub(super) fn form(
    endpoint: &TokenEndpoint,
    secrets: &Secrets,
    proof: Proof<'_>,
) -> Result<Form, EndpointFault> {
    let config = &endpoint.config;
    let sign = |assertion: &Assertion| -> Result<String, EndpointFault> {
        let token = jwt::token(&assertion.0, SystemTime::now()).ok_or(EndpointFault::Unsigned)?;
        secrets.add(&token, &format!("auth.{}.assertion", endpoint.name));
        Ok(token)
    };
    let mut form = Serializer::new(String::new());
    match (&config.grant, proof) {
        (_, Proof::Code(code)) => {
            form.append_pair("grant_type", "authorization_code");
            form.append_pair("code", code.code.expose());
            form.append_pair("redirect_uri", &code.redirect_uri);
            form.append_pair("code_verifier", code.verifier.expose());
        }
        (Grant::ClientCredentials, _) => {
            form.append_pair("grant_type", "client_credentials");
        }
        (Grant::RefreshToken(_), Proof::Nothing) => return Err(EndpointFault::NoRefreshToken),
        (Grant::RefreshToken(_), Proof::RefreshToken(token)) => {
            form.append_pair("grant_type", "refresh_token");
            form.append_pair("refresh_token", token.expose());
        }
        (Grant::Password { username, password }, _) => {
            form.append_pair("grant_type", "password");
            form.append_pair("username", username);
            form.append_pair("password", password.expose());
        }
        (Grant::JwtBearer(assertion), _) => {
            form.append_pair("grant_type", JWT_BEARER);
            form.append_pair("assertion", &sign(assertion)?);
        }
    }
    // A code was given for the scopes that the person was asked for.
    if !config.scopes.is_empty() && !matches!(proof, Proof::Code(_)) {
        form.append_pair("scope", &config.scopes.join(" "));
    }
    if let Some(audience) = &config.audience {
        form.append_pair("audience", audience);
    }
    form.extend_pairs(&config.extra);
    let mut authorization = None;
    if let Some(OauthClient { id, auth }) = &config.client {
        match auth {
            ClientAuth::Public => {
                form.append_pair("client_id", id);
            }
            ClientAuth::Basic(secret) => {
                authorization = Some(basic(id, secret, endpoint, secrets)?)
            }
            ClientAuth::Body(secret) => {
                form.append_pair("client_id", id);
                form.append_pair("client_secret", secret.expose());
            }
            ClientAuth::PrivateKeyJwt(assertion) => {
                form.append_pair("client_id", id);
                form.append_pair("client_assertion_type", CLIENT_JWT_BEARER);
                form.append_pair("client_assertion", &sign(assertion)?);
            }
        }
    }
    Ok(Form {
        body: form.finish().into(),
        authorization,
    })
}

/// RFC 6749, section 2.3.1: both are escaped as in a form before they are joined.
fn basic(
    id: &str,
    secret: &Secret,
    endpoint: &TokenEndpoint,
    secrets: &Secrets,
) -> Result<HeaderValue, EndpointFault> {
    let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = STANDARD.encode(format!("{}:{}", escaped(id), escaped(secret.expose())));
    secrets.add(&pair, &format!("auth.{}.client", endpoint.name));
    let mut value =
        HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| EndpointFault::Unsigned)?;
    value.set_sensitive(true);
    Ok(value)
}
