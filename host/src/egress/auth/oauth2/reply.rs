//! The response to a token request, as bytes.

use http::{HeaderMap, Response, header};
use http_body_util::BodyExt;
use hyper_util::client::legacy;
use url::Url;

use crate::egress::auth::fault::EndpointFault;
use crate::egress::body::ResponseBody;
use crate::egress::error::EgressError;
use crate::egress::failure::FailureKind;
use crate::egress::phase::CallPhase;
use crate::report;

/// The longest answer that is read: a token has a few hundred bytes, or a few thousand with many claims.
pub(super) const MAX_BYTES: usize = 64 << 10;

/// Parts of the addresses to which a refused login redirects.
const FAILURES: [&str; 4] = ["error", "fail", "invalid", "denied"];

/// The response of the endpoint.
pub(super) struct EndpointAnswer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// `None` if it is too long.
    pub(super) body: Option<Vec<u8>>,
}

/// The origin and path of a redirect, without its query, which may contain secrets. The path is not shortened, although
/// it may contain secrets, too.
pub(super) fn leads_to(url: &Url, headers: &HeaderMap) -> Option<String> {
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    let mut to = url.join(location).ok().filter(Url::has_host)?;
    to.set_query(None);
    to.set_fragment(None);
    Some(format!(
        "{}{}",
        to.origin().ascii_serialization(),
        to.path()
    ))
}

/// Whether a redirect leads back to the login, as after a refusal.
pub(super) fn leads_back(url: &Url, headers: &HeaderMap) -> bool {
    let location = headers.get(header::LOCATION);
    let Some(to) = location.and_then(|to| url.join(to.to_str().ok()?).ok()) else {
        return false;
    };
    let words = format!("{}?{}", to.path(), to.query().unwrap_or_default()).to_ascii_lowercase();
    let is_login = to.path() == url.path() && url.path() != "/";
    is_login || FAILURES.iter().any(|word| words.contains(word))
}

/// Whether a request had been sent to the endpoint before it failed.
pub(super) fn was_asked(error: &EgressError) -> bool {
    match error {
        EgressError::Timeout { waited, .. } => waited.phase >= CallPhase::RequestBody,
        EgressError::Failed { source, .. } => {
            source
                .downcast_ref::<legacy::Error>()
                .is_none_or(|error| !error.is_connect())
                && FailureKind::of(error) != Some(FailureKind::Unbegun)
        }
        EgressError::ResponseTooLarge { .. } | EgressError::Unreadable { .. } => true,
        _ => false,
    }
}

/// Reads a response to its end, up to the limit.
///
/// # Errors
///
/// The response ended prematurely.
pub(super) async fn read(response: Response<ResponseBody>) -> Result<EndpointAnswer, EgressError> {
    let (head, mut rest) = response.into_parts();
    let answer = |body| EndpointAnswer {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
    };
    let mut body = Vec::new();
    while let Some(frame) = rest.frame().await {
        if let Ok(piece) = frame?.into_data() {
            if body.len().saturating_add(piece.len()) > MAX_BYTES {
                rest.set_aside();
                return Ok(answer(None));
            }
            body.extend_from_slice(&piece);
        }
    }
    Ok(answer(Some(body)))
}

impl From<EgressError> for EndpointFault {
    fn from(error: EgressError) -> Self {
        Self::Unreached {
            cause: report::chain(&error),
            was_asked: was_asked(&error),
            is_temporary: error.is_temporary(),
        }
    }
}
