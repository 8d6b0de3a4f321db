//! Reads the events of all sources as requests.
//!
//! The forms are described in
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html> (function URL, and HTTP API with payload 2.0),
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html> (payload 1.0
//! and 2.0) and
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::{DecodeError, Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::error::{EventError, EventFault};
use super::headers::{EventHeaders, headers};
use super::source::{EventSource, PayloadVersion};
use crate::server::last_forwarded_for;

/// The characters of a path that a URI can't contain. A REST API decodes the path.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

/// How many names of an unknown event's members an error shows.
const SHOWN_MEMBERS: usize = 8;

/// A request that arrived as an event.
#[derive(Debug)]
pub(super) struct HttpEvent {
    pub(super) source: EventSource,
    /// The request; its body, or why that can't be decoded.
    pub(super) request: Request<Result<Bytes, DecodeError>>,
    pub(super) client: Option<IpAddr>,
    /// When the source got the request, in milliseconds since 1970. `None` if it doesn't say.
    pub(super) requested_ms: Option<u64>,
}

/// The members of all sources' events that matter here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEvent {
    /// Function URLs and HTTP APIs.
    version: Option<IgnoredAny>,
    /// Payload 1.0 and load balancers.
    http_method: Option<String>,
    path: Option<String>,
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    /// Payload 2.0.
    raw_path: Option<String>,
    headers: Option<BTreeMap<String, Option<String>>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
    request_context: Option<RequestContext>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    /// Only load balancers.
    elb: Option<IgnoredAny>,
    /// Only payload 2.0.
    http: Option<HttpContext>,
    /// Only payload 1.0.
    identity: Option<Identity>,
    /// The path with the stage, of payload 1.0.
    path: Option<String>,
    stage: Option<String>,
    /// Payload 2.0.
    time_epoch: Option<Value>,
    /// Payload 1.0.
    request_time_epoch: Option<Value>,
    domain_name: Option<String>,
    /// Only WebSocket APIs.
    connection_id: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpContext {
    method: Option<String>,
    source_ip: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    source_ip: Option<String>,
}

impl HttpEvent {
    /// Reads an event.
    ///
    /// # Errors
    ///
    /// [`EventError`]: its source is unknown, or a member is missing or invalid.
    pub(super) fn read(json: &str) -> Result<Self, EventError> {
        let mut event: RawEvent = serde_json::from_str(json).map_err(EventError::Unreadable)?;
        let Some((source, context)) = event.source() else {
            return Err(EventError::UnknownSource {
                members: members(json),
            });
        };
        let invalid = |fault| EventError::Invalid {
            from: source,
            fault,
        };
        let path = event.path(source, &context).map_err(invalid)?;
        let method = event.method(&context).map_err(invalid)?;
        let headers = headers(EventHeaders {
            single: event.headers.take(),
            multiple: event.multi_value_headers.take(),
        });
        let mut headers = headers.map_err(invalid)?;
        let client = client(source, &context, &headers);
        if !source.decodes_answers() {
            headers.remove(header::ACCEPT_ENCODING);
        }
        let mut request = Request::new(event.body());
        *request.method_mut() = method;
        *request.uri_mut() = path;
        *request.headers_mut() = headers;
        Ok(Self {
            source,
            request,
            client,
            requested_ms: context
                .time_epoch
                .or(context.request_time_epoch)
                .and_then(|time| time.as_u64()),
        })
    }
}

impl RawEvent {
    /// The source with its context; `None` for an event that is not a request.
    fn source(&mut self) -> Option<(EventSource, RequestContext)> {
        let context = self.request_context.take()?;
        let source = if context.elb.is_some() {
            EventSource::LoadBalancer {
                has_multi_values: self.multi_value_headers.is_some(),
            }
        } else if context.http.is_some() {
            let domain = context.domain_name.as_deref().unwrap_or_default();
            if domain.contains(".lambda-url.") {
                EventSource::FunctionUrl
            } else {
                EventSource::HttpApi {
                    payload: PayloadVersion::V2,
                }
            }
        } else if self.http_method.is_some() && context.connection_id.is_none() {
            // Events of REST APIs have no version.
            match self.version {
                Some(_) => EventSource::HttpApi {
                    payload: PayloadVersion::V1,
                },
                None => EventSource::RestApi,
            }
        } else {
            return None;
        };
        Some((source, context))
    }

    fn method(&self, context: &RequestContext) -> Result<Method, EventFault> {
        let (member, method) = match &context.http {
            Some(http) => ("requestContext.http.method", http.method.as_deref()),
            None => ("httpMethod", self.http_method.as_deref()),
        };
        let method = method.ok_or(EventFault::Missing(member))?;
        method
            .parse()
            .map_err(|_| EventFault::Method(method.to_owned()))
    }

    /// The path without the stage.
    fn path(&self, source: EventSource, context: &RequestContext) -> Result<Uri, EventFault> {
        let (member, path) = match source.payload() {
            Some(PayloadVersion::V2) => ("rawPath", &self.raw_path),
            Some(PayloadVersion::V1) | None => ("path", &self.path),
        };
        let path = path.as_deref().ok_or(EventFault::Missing(member))?;
        let path = match context.stage_in(source, path) {
            Some(stage) => without_stage(path, stage),
            None => path,
        };
        let encoded = utf8_percent_encode(path, NOT_IN_PATHS).to_string();
        let target = if encoded.starts_with('/') {
            encoded
        } else {
            format!("/{encoded}")
        };
        Uri::try_from(target).map_err(|_| EventFault::Path(path.to_owned()))
    }

    fn body(&mut self) -> Result<Bytes, DecodeError> {
        let body = self.body.take().unwrap_or_default();
        if self.is_base64_encoded.unwrap_or_default() {
            Ok(BASE64_STANDARD.decode(body)?.into())
        } else {
            Ok(body.into())
        }
    }
}

impl RequestContext {
    /// The stage that the event's path may begin with; `None` if it can't.
    fn stage_in(&self, source: EventSource, path: &str) -> Option<&str> {
        let stage = self.stage.as_deref().filter(|stage| *stage != "$default")?;
        // Only the API's own domain has the stage in its paths.
        let is_own_domain = self
            .domain_name
            .as_deref()
            .is_none_or(|domain| domain.contains(".execute-api."));
        let has_stage = match source {
            EventSource::FunctionUrl | EventSource::LoadBalancer { .. } => false,
            EventSource::HttpApi {
                payload: PayloadVersion::V2,
            } => is_own_domain,
            // There, the path of the context always has it, so the event's own has it, too, if both are the same. A connector
            // may have the stage's name.
            EventSource::RestApi
            | EventSource::HttpApi {
                payload: PayloadVersion::V1,
            } => is_own_domain && self.path.as_deref() == Some(path),
        };
        has_stage.then_some(stage)
    }
}

/// The path without this first segment, if it begins with it.
fn without_stage<'p>(path: &'p str, stage: &str) -> &'p str {
    let rest = path
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(stage));
    match rest {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

/// The address that the source has got the request from. `None` if it doesn't say.
fn client(source: EventSource, context: &RequestContext, headers: &HeaderMap) -> Option<IpAddr> {
    let text = match source.payload() {
        // A load balancer adds the client's address behind those that the client has sent, with the port if it is
        // configured so.
        None => return last_forwarded_for(headers),
        Some(PayloadVersion::V2) => context.http.as_ref()?.source_ip.as_deref(),
        Some(PayloadVersion::V1) => context.identity.as_ref()?.source_ip.as_deref(),
    };
    text?.trim().parse().ok()
}

/// The first names of an event's members, for an error.
fn members(json: &str) -> Vec<String> {
    let members: BTreeMap<String, IgnoredAny> = serde_json::from_str(json).unwrap_or_default();
    members.into_keys().take(SHOWN_MEMBERS).collect()
}

#[cfg(test)]
mod tests;
