//! The form of a token request.

use http::{HeaderName, HeaderValue, Method};
use url::Url;

use super::endpoint;
use crate::config::allow::AllowList;
use crate::config::auth::fields::Fields;
use crate::config::auth::texts::{header_name, not_empty};
use crate::config::choice::chosen;

/// Where a token request has its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterPlace {
    /// A form in the body, as in RFC 6749.
    Form,
    /// A JSON object in the body.
    Json,
    /// The URL's query.
    Query,
}

impl ParameterPlace {
    const ALL: [Self; 3] = [Self::Form, Self::Json, Self::Query];

    /// The value of `body`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Json => "json",
            Self::Query => "query",
        }
    }
}

/// The form of a token request.
#[derive(Clone)]
pub struct TokenRequestShape {
    /// `body`: the place of the parameters.
    pub body: ParameterPlace,
    /// `method`: by default POST.
    pub method: Method,
    /// `headers`, each marked as sensitive: headers that are added to the host's, or replace them.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// `refresh-url`: where refresh requests go; `None` for `token-url`.
    pub refresh_url: Option<Url>,
    /// `scopes-in-renewals`: whether a refresh request includes the scopes; `None` by default.
    pub scopes_in_renewals: Option<bool>,
    /// `scope-separator`: the text between scopes, a space by default.
    pub scope_separator: String,
}

/// The methods that a token request may have.
const METHODS: [Method; 4] = [Method::POST, Method::GET, Method::PUT, Method::PATCH];

impl TokenRequestShape {
    /// Reads `body` and `method`. An invalid value is recorded, and treated as not set.
    pub(super) fn read(fields: &mut Fields<'_, '_, '_, '_>) -> Self {
        let names = ParameterPlace::ALL.map(ParameterPlace::name).join(", ");
        let body = fields.optional("body", &format!("one of {names}"), |text| {
            chosen("place for parameters", text, ParameterPlace::ALL, |place| {
                place.name()
            })
        });
        let method = fields.optional("method", "a method such as \"GET\"", |text| {
            let found = METHODS.into_iter().find(|method| method.as_str() == text);
            found.ok_or_else(|| "write one of POST, GET, PUT, PATCH".to_owned())
        });
        let method = method.unwrap_or(Method::POST);
        if method == Method::GET && body.is_some_and(|body| body != ParameterPlace::Query) {
            fields.note(
                "servers ignore the body of a GET: write `body = \"query\"`, or another `method`",
            );
        }
        let body = body.unwrap_or(if method == Method::GET {
            ParameterPlace::Query
        } else {
            ParameterPlace::Form
        });
        Self {
            body,
            method,
            headers: Vec::new(),
            refresh_url: None,
            scopes_in_renewals: None,
            scope_separator: " ".to_owned(),
        }
    }

    /// Reads the headers under `key`. Invalid ones are recorded.
    pub(super) fn read_headers(&mut self, fields: &mut Fields<'_, '_, '_, '_>, key: &'static str) {
        for (name, text) in fields.sent_texts(key) {
            let parsed = header_name(&name).and_then(|name| {
                let mut value = HeaderValue::from_bytes(text.as_bytes())
                    .map_err(|_| "its value can't be sent in a header".to_owned())?;
                value.set_sensitive(true);
                Ok((name, value))
            });
            match parsed {
                Ok(header) => self.headers.push(header),
                Err(message) => fields.note_of(key, &name, &message),
            }
        }
    }

    /// Reads `refresh-url` and `scopes-in-renewals`, which only a refresh token has. Invalid values are recorded.
    pub(super) fn read_renewal(
        &mut self,
        fields: &mut Fields<'_, '_, '_, '_>,
        allow: Option<&AllowList>,
    ) {
        let method = self.method.clone();
        let expected =
            "the URL where tokens are renewed, such as \"https://login.example.com/refresh\"";
        self.refresh_url = fields.optional("refresh-url", expected, |text| {
            endpoint::token_url(text, &method, allow)
        });
        self.scopes_in_renewals = fields.flag_if_set("scopes-in-renewals");
    }

    /// Reads `scope-separator`. An invalid value is recorded.
    pub(super) fn read_separator(&mut self, fields: &mut Fields<'_, '_, '_, '_>) {
        let separator = fields.optional("scope-separator", "a string such as \",\"", not_empty);
        if let Some(separator) = separator {
            self.scope_separator = separator;
        }
    }
}
