//! A token in the head of an answer.

use std::time::SystemTime;

use http::{HeaderMap, header};

use super::date::http_date;
use crate::config::{AnswerHead, Secret};

/// The token; `None` if the head has none.
pub(super) fn token(place: &AnswerHead, headers: &HeaderMap) -> Option<Secret> {
    let text = match place {
        AnswerHead::Header(name) => headers.get(name)?.to_str().ok()?,
        AnswerHead::Cookie(name) => cookie(name, headers)?,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| Secret::new(text))
}

/// One `Set-Cookie` (RFC 6265, section 5.2).
struct SetCookie<'c> {
    name: &'c str,
    value: &'c str,
    /// Two cookies with one name but different scopes are both kept.
    scope: (String, String),
    /// Whether it removes the cookie.
    is_over: bool,
}

impl<'c> SetCookie<'c> {
    fn parse(text: &'c str, now: SystemTime) -> Option<Self> {
        let mut parts = text.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let mut scope = (String::new(), String::new());
        let (mut max_age, mut expires) = (None, None);
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "path" => scope.0 = value.to_owned(),
                "domain" => scope.1 = value.to_ascii_lowercase(),
                "max-age" => max_age = value.trim_matches('"').parse::<i64>().ok().or(max_age),
                "expires" => expires = http_date(value).or(expires),
                _ => {}
            }
        }
        let value = value.trim().trim_matches('"');
        // `Max-Age` takes precedence over `Expires`.
        let is_over = match max_age {
            Some(seconds) => seconds <= 0,
            None => expires.is_some_and(|expires| expires <= now),
        };
        Some(Self {
            name: name.trim(),
            value,
            scope,
            is_over: is_over || value.is_empty(),
        })
    }
}

/// The value of a cookie after the whole answer: a later one replaces an earlier one.
fn cookie<'h>(name: &str, headers: &'h HeaderMap) -> Option<&'h str> {
    let now = SystemTime::now();
    let mut set: Vec<SetCookie<'h>> = Vec::new();
    let values = headers.get_all(header::SET_COOKIE).into_iter();
    for text in values.filter_map(|value| value.to_str().ok()) {
        let cookie = SetCookie::parse(text, now).filter(|cookie| cookie.name == name);
        if let Some(cookie) = cookie {
            set.retain(|earlier| earlier.scope != cookie.scope);
            set.push(cookie);
        }
    }
    set.retain(|cookie| !cookie.is_over);
    set.pop().map(|cookie| cookie.value)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn found(place: &AnswerHead, cookies: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }
        headers.insert("x-token", HeaderValue::from_static(" another-token "));
        token(place, &headers).map(|token| token.expose().to_owned())
    }

    #[test]
    fn a_token_is_found_in_a_header_or_a_cookie() {
        let cookies = [
            "sid2=other; Path=/",
            "sid=the-token==; HttpOnly; Path=/",
            "empty=",
        ];
        let cookie = |name: &str| AnswerHead::Cookie(name.to_owned());
        let named = |name: &'static str| AnswerHead::Header(HeaderName::from_static(name));
        for (place, expected) in [
            (cookie("sid"), Some("the-token==")),
            (cookie("empty"), None),
            (cookie("SID"), None),
            (named("x-token"), Some("another-token")),
            (named("x-other"), None),
        ] {
            assert_eq!(found(&place, &cookies).as_deref(), expected, "{place:?}");
        }
    }

    #[test]
    fn the_last_cookie_of_a_name_counts_unless_it_is_removed() {
        let sid = AnswerHead::Cookie("sid".to_owned());
        for (cookies, expected) in [
            (vec!["sid=a; Path=/", "sid=b; Path=/"], Some("b")),
            (vec!["sid=; Max-Age=0", "sid=b"], Some("b")),
            (vec!["sid=a", "sid=gone; Max-Age=0"], None),
            (vec!["sid=a", "sid=; Path=/"], Some("a")),
            (vec!["sid=a; Path=/", "sid=; path=/"], None),
            (vec!["sid=a; Max-Age=-1"], None),
            (
                vec!["sid=deleted; Expires=Thu, 01-Jan-1970 00:00:01 GMT"],
                None,
            ),
            (
                vec!["sid=deleted; expires=Thu, 01 Jan 1970 00:00:00 GMT"],
                None,
            ),
            (
                vec!["sid=deleted; Expires=Thursday, 01-Jan-70 00:00:00 GMT"],
                None,
            ),
            (
                vec!["sid=a; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
                Some("a"),
            ),
            (
                vec!["sid=a; Expires=Fri, 01 Jan 2100 00:00:00 GMT"],
                Some("a"),
            ),
        ] {
            assert_eq!(found(&sid, &cookies).as_deref(), expected, "{cookies:?}");
        }
    }
}
