//! The answer of a token endpoint (RFC 6749, sections 5.1 and 5.2), and the variants that some endpoints send
//! instead.

mod body;
mod date;
mod head;
mod lenient;
mod lifetime;
mod reader;
mod refusal;
mod shown_body;
#[cfg(test)]
mod tests;

use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use crate::config::{AnswerFields, AnswerHead, Secret};
use crate::egress::auth::fault::EndpointFault;
use reader::AnswerReader;
use refusal::RefusalWords;

/// The answer of a token endpoint: a token, and what comes with it.
#[derive(Debug)]
pub(super) struct TokenResponse {
    pub(super) access_token: Secret,
    /// `None` if the endpoint doesn't say, or says nothing usable.
    pub(super) expires_in: Option<Duration>,
    /// The replacement of the refresh token that was sent.
    pub(super) refresh_token: Option<Secret>,
    /// The lifetime of the refresh token; `None` if the endpoint doesn't say.
    pub(super) refresh_expires_in: Option<Duration>,
    /// Names and values of the connector's variables that the answer contains.
    pub(super) variables: Vec<(String, String)>,
}

/// An answer without a usable token.
#[derive(Debug)]
pub(super) struct AnswerFailure {
    /// What is wrong with it. The endpoint's own words may contain secrets.
    pub(super) fault: EndpointFault,
    /// The refresh token of the answer, which must not be lost: the previous one may no longer be valid.
    pub(super) refresh_token: Option<Secret>,
}

/// Reads an answer that is not a redirect, or the redirect of a login that sets a token.
///
/// # Errors
///
/// It contains no usable token.
pub(super) fn read(
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    fields: &AnswerFields,
) -> Result<TokenResponse, AnswerFailure> {
    let is_good = (200..300).contains(&status);
    let text = body::text(body);
    if let Some(place) = &fields.head {
        let is_taken = is_good || (300..400).contains(&status);
        let fault = match of_head(place, headers, &text, fields) {
            Ok(response) if is_taken => return Ok(response),
            Ok(_) => refused(&text, headers),
            Err(_) if !is_taken => refused(&text, headers),
            Err(fault) => fault,
        };
        return Err(fault.into());
    }
    let Some(answer) = value(&text, is_good, fields) else {
        return Err(unreadable(&text, is_good, headers).into());
    };
    let reader = AnswerReader {
        answer: &answer,
        fields,
    };
    let refresh_token = reader.refresh_token().filter(|_| is_good);
    let access_token = reader.access_token().filter(|_| is_good);
    // If there is a token, an `error` next to it is not a refusal: some endpoints write an empty one, or one that
    // says `none`.
    let fault = match access_token {
        None if is_good => reader.missing(),
        None => refused(&text, headers),
        Some(access_token) => match reader.other_type() {
            Some(token_type) => EndpointFault::OtherType { token_type },
            None => {
                return Ok(TokenResponse {
                    access_token,
                    expires_in: reader.lifetime(),
                    refresh_token,
                    refresh_expires_in: reader.refresh_lifetime(),
                    variables: reader.variables(),
                });
            }
        },
    };
    Err(AnswerFailure {
        fault,
        refresh_token,
    })
}

impl From<EndpointFault> for AnswerFailure {
    fn from(fault: EndpointFault) -> Self {
        Self {
            fault,
            refresh_token: None,
        }
    }
}

/// The answer's value. JSON that only the lenient reader understands counts only if it contains the expected fields.
fn value(text: &str, is_good: bool, fields: &AnswerFields) -> Option<Value> {
    let is_meant = |answer: &Value| {
        let reader = AnswerReader { answer, fields };
        let has_token = reader.access_token().is_some() || reader.refresh_token().is_some();
        let says = || RefusalWords::of(answer).is_something() && !text.starts_with('<');
        (is_good && has_token) || says()
    };
    let whole = is_good && fields.token.is_whole();
    let plain = || whole.then(|| body::plain(text)).flatten();
    plain()
        .or_else(|| body::value(text))
        .or_else(|| lenient::object(text, is_meant))
}

/// A token in the answer's head, and the fields that come with it in a body. An endpoint that refuses a login may set
/// a cookie, too.
fn of_head(
    place: &AnswerHead,
    headers: &HeaderMap,
    text: &str,
    fields: &AnswerFields,
) -> Result<TokenResponse, EndpointFault> {
    let answer = body::value(text).unwrap_or_default();
    let reader = AnswerReader {
        answer: &answer,
        fields,
    };
    let access_token = head::token(place, headers).filter(|_| !refusal::says_no(&answer));
    let access_token = access_token.ok_or_else(|| match text {
        "" => EndpointFault::NoToken {
            path: fields.told(),
            found: None,
        },
        _ => reader.missing(),
    })?;
    Ok(TokenResponse {
        access_token,
        expires_in: reader.lifetime(),
        refresh_token: None,
        refresh_expires_in: None,
        variables: reader.variables(),
    })
}

/// The refusal in an answer with an error status: from its body, or else from the head.
fn refused(text: &str, headers: &HeaderMap) -> EndpointFault {
    let answer = body::value(text)
        .or_else(|| lenient::object(text, |answer| RefusalWords::of(answer).is_something()));
    let said = answer.as_ref().map(RefusalWords::of);
    let words = match said.filter(RefusalWords::is_something) {
        Some(words) => words,
        None => RefusalWords::of_challenge(headers),
    };
    if words.is_something() {
        return words.into();
    }
    match answer {
        Some(answer) => EndpointFault::Refused {
            code: String::new(),
            description: shown_body::of_value(&answer),
        },
        None => unreadable(text, false, headers),
    }
}

/// Why there is no token in a body that is neither JSON nor a form.
fn unreadable(text: &str, is_good: bool, headers: &HeaderMap) -> EndpointFault {
    let words = RefusalWords::of_challenge(headers);
    if !is_good && words.is_something() {
        return words.into();
    }
    if text.is_empty() {
        return EndpointFault::Empty;
    }
    if text.starts_with('<') && (is_good || shown_body::is_html(text)) {
        return EndpointFault::Html;
    }
    if is_good {
        EndpointFault::Unreadable
    } else {
        EndpointFault::Refused {
            code: String::new(),
            description: shown_body::of_text(text),
        }
    }
}
