//! One token: its request, sent again where the endpoint fails in a way that may pass.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method, header};
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::super::super::body::ResponseBody;
use super::super::super::error::EgressError;
use super::super::super::exchange::{Hop, HopBody};
use super::super::super::governor::retry;
use super::super::super::headers;
use super::super::super::tries::Course;
use super::super::super::way::Way;
use super::super::error::{TokenError, TokenFault};
use super::answer::{self, Given};
use super::form::Shown;
use super::{Token, Tokens, form};
use crate::config::{Limits, Secret};
use crate::scope::{CallScope, Deadline, DeadlineReason};

/// The longest answer that is read: a token is some hundred bytes, a few thousand with many claims.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// How long a token may take at the least, tries and quotas included.
const LEAST_TIME: Duration = Duration::from_secs(600);

/// What came back.
struct Answered {
    status: u16,
    /// None where it is too long.
    body: Option<Vec<u8>>,
}

/// A token, and all that came with it.
pub(super) struct Fresh {
    pub(super) token: Token,
    pub(super) given: Given,
}

/// Asks the endpoint for a token. What it gives is told to the connector's secrets before anybody has it.
pub(super) async fn token(
    tokens: &Tokens,
    way: &Arc<Way>,
    shown: Shown<'_>,
) -> Result<Fresh, TokenError> {
    let mut status = None;
    let asked = asked(tokens, way, shown, &mut status).await;
    asked.map_err(|fault| failure(tokens, way, status, fault))
}

/// A fault as those who wait for the token are told it.
pub(super) fn failure(
    tokens: &Tokens,
    way: &Way,
    status: Option<u16>,
    fault: TokenFault,
) -> TokenError {
    TokenError {
        name: tokens.name.to_string(),
        file: way.config_file.clone(),
        origin: tokens.config.token_url.origin().ascii_serialization(),
        status,
        fault: fault.shown_by(&way.secrets),
    }
}

async fn asked(
    tokens: &Tokens,
    way: &Arc<Way>,
    shown: Shown<'_>,
    status: &mut Option<u16>,
) -> Result<Fresh, TokenFault> {
    // The calls and bytes are the host's. The time is that of the page that waits for the longest; but what a short page
    // has begun, the next one may still have.
    let limits = Limits {
        max_calls: u32::MAX,
        max_call_bytes: u64::MAX,
        ..Limits::default()
    };
    let deadline = Deadline::new(
        Instant::now(),
        way.page_timeout.max(LEAST_TIME),
        DeadlineReason::PageTimeout,
    );
    let scope = Arc::new(CallScope::new(&limits, deadline, Arc::default()));
    let mut course = Course::hosts_own(&scope);
    let origin = tokens.config.token_url.origin().ascii_serialization();
    let mut attempt = 1;
    loop {
        let began = Instant::now();
        let hop = hop(tokens, way, shown)?;
        let sent = way.hop(hop, attempt, &mut course).await;
        let (failed, pause) = match sent {
            Ok(response) => {
                let answered = response.status().as_u16();
                *status = Some(answered);
                let passes = retry::passes(answered) || answered >= 500;
                let pause = passes.then(|| {
                    let headers = Some(response.headers());
                    way.governor
                        .pause(&origin, attempt, headers, course.deadline)
                });
                match (read(response).await, pause.flatten()) {
                    (Ok(answer), None) => return used(answer, began, tokens, way),
                    (Ok(_), Some(pause)) => (None, Some(pause)),
                    // The endpoint may have given one that is lost now; another try is all that can be done.
                    (Err(error), _) => (Some(error), None),
                }
            }
            Err(failure) => (Some(failure.error), None),
        };
        let pause = match &failed {
            None => pause,
            Some(error) if retry::is_broken(error) => {
                way.governor.pause(&origin, attempt, None, course.deadline)
            }
            Some(_) => None,
        };
        let Some(pause) = pause else {
            return Err(failed.map_or(TokenFault::Empty, |error| {
                TokenFault::Unreached(Box::new(error))
            }));
        };
        let cause = if failed.is_some() { None } else { *status };
        way.governor
            .wait_for_retry(&origin, pause, cause, &scope.waits)
            .await;
        course.pause(pause);
        *status = None;
        attempt = attempt.saturating_add(1);
    }
}

fn hop(tokens: &Tokens, way: &Way, shown: Shown<'_>) -> Result<Hop, TokenFault> {
    let form = form::form(tokens, &way.secrets, shown)?;
    let own = [
        (header::ACCEPT.as_str(), "application/json"),
        (
            header::CONTENT_TYPE.as_str(),
            "application/x-www-form-urlencoded",
        ),
    ];
    let mut headers =
        headers::sent(&own).map_err(|fault| TokenFault::Unreached(Box::new(fault.into())))?;
    if let Some(authorization) = form.authorization {
        headers.insert(header::AUTHORIZATION, authorization);
    }
    Ok(Hop {
        method: Method::POST,
        url: tokens.config.token_url.clone(),
        headers,
        body: HopBody::Whole(form.body),
    })
}

async fn read(response: http::Response<ResponseBody>) -> Result<Answered, EgressError> {
    let status = response.status().as_u16();
    let mut rest = response.into_body();
    let mut body = Vec::new();
    while let Some(frame) = rest.frame().await {
        if let Ok(piece) = frame?.into_data() {
            if body.len().saturating_add(piece.len()) > MAX_ANSWER_BYTES {
                rest.set_aside();
                return Ok(Answered { status, body: None });
            }
            body.extend_from_slice(&piece);
        }
    }
    Ok(Answered {
        status,
        body: Some(body),
    })
}

fn used(
    answered: Answered,
    began: Instant,
    tokens: &Tokens,
    way: &Way,
) -> Result<Fresh, TokenFault> {
    let body = answered.body.ok_or(TokenFault::TooLarge {
        limit_bytes: MAX_ANSWER_BYTES,
    })?;
    let given = answer::read(answered.status, &body)?;
    if let Some(new) = &given.refresh_token {
        hide_refresh_token(new, tokens, way);
    }
    let token = made(&given.access_token, began, given.expires_in, tokens, way)?;
    Ok(Fresh { token, given })
}

/// A token to send. Hidden from now on.
pub(super) fn made(
    access_token: &Secret,
    began: Instant,
    expires_in: Option<Duration>,
    tokens: &Tokens,
    way: &Way,
) -> Result<Token, TokenFault> {
    way.secrets.add(
        access_token.expose(),
        &format!("auth.{}.token", tokens.name),
    );
    let value = format!("{}{}", tokens.config.prefix, access_token.expose());
    let mut value = HeaderValue::try_from(value).map_err(|_| TokenFault::NoHeader)?;
    value.set_sensitive(true);
    Ok(Token::new(value, began, expires_in))
}

pub(super) fn hide_refresh_token(token: &Secret, tokens: &Tokens, way: &Way) {
    way.secrets
        .add(token.expose(), &format!("auth.{}.refresh", tokens.name));
}
