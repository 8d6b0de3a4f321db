//! A token in the head of an answer.

use http::{HeaderMap, header};

use crate::config::{AnswerHead, Secret};

/// The token; `None` if the head has none.
pub(super) fn token(place: &AnswerHead, headers: &HeaderMap) -> Option<Secret> {
    let text = match place {
        AnswerHead::Header(name) => headers.get(name)?.to_str().ok()?,
        AnswerHead::Cookie(name) => headers
            .get_all(header::SET_COOKIE)
            .into_iter()
            .filter_map(|value| value.to_str().ok())
            .find_map(|cookie| cookie_value(cookie, name))?,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| Secret::new(text))
}

/// The value of the cookie that a `Set-Cookie` sets, if it is the one of this name.
fn cookie_value<'c>(cookie: &'c str, name: &str) -> Option<&'c str> {
    let pair = cookie.split(';').next()?;
    let (own, value) = pair.split_once('=')?;
    (own.trim() == name).then(|| value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_token_is_found_in_a_header_or_a_cookie() {
        let mut headers = HeaderMap::new();
        for cookie in [
            "sid2=other; Path=/",
            "sid=the-token==; HttpOnly; Path=/",
            "empty=",
        ] {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }
        headers.insert("x-token", HeaderValue::from_static(" another-token "));
        let cookie = |name: &str| AnswerHead::Cookie(name.to_owned());
        let named = |name: &'static str| AnswerHead::Header(HeaderName::from_static(name));
        for (place, expected) in [
            (cookie("sid"), Some("the-token==")),
            (cookie("empty"), None),
            (cookie("SID"), None),
            (named("x-token"), Some("another-token")),
            (named("x-other"), None),
        ] {
            let found = token(&place, &headers);
            assert_eq!(found.as_ref().map(Secret::expose), expected, "{place:?}");
        }
    }
}
