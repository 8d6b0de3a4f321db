//! The API's response.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::charset::{self, CharsetFault};
use super::escape::without_query;
use super::link::{self, Link};
use super::message::{Body, Incoming};
use super::refusal::rate_limit;
use crate::{Error, Rows, Time};

/// How many characters of an API's response a message quotes.
const EXCERPT: usize = 200;

/// The API's response, with any status.
#[derive(Clone, Debug)]
pub struct Response {
    incoming: Incoming,
    /// Method and URL of the request, for messages.
    origin: String,
    asked_at: Time,
    has_cursor: bool,
    /// The body's text, if it differs from the body as UTF-8.
    decoded: OnceLock<Result<Option<String>, CharsetFault>>,
}

impl Response {
    pub(super) fn new(
        incoming: Incoming,
        origin: String,
        asked_at: Time,
        has_cursor: bool,
    ) -> Self {
        Self {
            incoming,
            origin,
            asked_at,
            has_cursor,
            decoded: OnceLock::new(),
        }
    }

    /// The status, such as 200.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.incoming.status
    }

    /// Whether the status means success: 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status())
    }

    /// When the request was sent.
    #[must_use]
    pub fn asked_at(&self) -> Time {
        self.asked_at
    }

    /// Where the response came from: the request's URL, or the last one redirected to.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.incoming.url
    }

    /// The headers, with names in lower case, in the order received.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.incoming.headers
    }

    /// The first value of a header, trimmed. The name's case is ignored.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let is_it = |known: &str| known.eq_ignore_ascii_case(name);
        let (_, value) = self.headers().iter().find(|(known, _)| is_it(known))?;
        Some(value.trim())
    }

    /// A header parsed as a number or another type, such as the rest of a quota; `None` if it is missing or can't be
    /// parsed.
    #[must_use]
    pub fn header_as<T: FromStr>(&self, name: &str) -> Option<T> {
        self.header(name)?.parse().ok()
    }

    /// The link that the header `Link` gives for a relation such as `"next"`: an absolute URL with attributes.
    #[must_use]
    pub fn link(&self, relation: &str) -> Option<Link> {
        let links = self.headers().iter().filter(|(name, _)| name == "link");
        links
            .map(|(_, value)| value)
            .find_map(|value| link::find(value, relation, self.url()))
    }

    /// Returns the response if its status means success.
    ///
    /// # Errors
    ///
    /// - [`Error::RateLimited`] for 429, and for other refusals that come with a wait or a quota at 0. It has the wait if
    ///   the API gives one.
    /// - [`Error::Unauthorized`] for any other 401 or 403.
    /// - [`Error::InvalidState`] for any other 400, 404 or 410 if the request had a [cursor](super::Request::cursor).
    /// - [`Error::Upstream`] for the rest.
    ///
    /// The messages quote the response.
    pub fn ok(self) -> Result<Self, Error> {
        if self.is_success() {
            return Ok(self);
        }
        let status = self.status();
        if let Some(limit) = rate_limit(status, self.headers(), self.asked_at) {
            return Err(Error::RateLimited(limit.wait));
        }
        let mut message = format!("{} answered {status}", self.origin);
        let excerpt = self.excerpt();
        if !excerpt.is_empty() {
            message = format!("{message}: {excerpt}");
        }
        Err(match status {
            401 | 403 => Error::Unauthorized(message),
            400 | 404 | 410 if self.has_cursor => Error::InvalidState(message),
            _ => Error::Upstream(message),
        })
    }

    /// The body as text: by its byte-order mark, else as UTF-8 if it is valid, else by the charset of the header
    /// `Content-Type`. The text doesn't include the mark.
    ///
    /// # Errors
    ///
    /// [`Error::Upstream`] if the body can't be decoded in any of these ways; [`bytes`](Self::bytes) returns it
    /// unchanged.
    pub fn text(&self) -> Result<&str, Error> {
        let plain = match &self.incoming.body {
            Body::Text(text) => Some(text.as_str()),
            Body::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        };
        let decoded = self.decoded.get_or_init(|| {
            let label = self.header("content-type").and_then(charset::declared);
            charset::decode(self.bytes(), plain, label.as_deref())
        });
        match decoded {
            Ok(Some(text)) => Ok(text),
            Ok(None) => {
                let text = plain.unwrap_or_default();
                Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
            }
            Err(fault) => Err(Error::Upstream(format!(
                "the response to {} is {fault}",
                self.origin
            ))),
        }
    }

    /// The body as bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.incoming.body {
            Body::Text(text) => text.as_bytes(),
            Body::Bytes(bytes) => bytes,
        }
    }

    /// Deserializes the body, or the part of it that the connector needs, from JSON. A field of type
    /// [`Number`](crate::Number) keeps all digits. An `f64` or a `serde_json::Value` rounds decimals, and the latter
    /// also integers beyond 64 bits.
    ///
    /// # Errors
    ///
    /// [`Error::Upstream`] if the body doesn't deserialize; the message names the request and the place in the JSON.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        serde_json::from_str(self.text()?).map_err(|cause| self.unexpected(&cause))
    }

    /// The rows, if the body is a JSON array of objects.
    ///
    /// # Errors
    ///
    /// [`Error::Upstream`] if it isn't.
    pub fn rows(&self) -> Result<Rows, Error> {
        Rows::parse(self.text()?).map_err(|cause| self.unexpected(&cause))
    }

    /// The rows, if the body is a JSON object with an array of objects in its field `name`.
    ///
    /// # Errors
    ///
    /// [`Error::Upstream`] if it isn't.
    pub fn rows_in(&self, name: &str) -> Result<Rows, Error> {
        let pick = |text| {
            let mut json = serde_json::Deserializer::from_str(text);
            let rows = Pick(name).deserialize(&mut json)?;
            json.end()?;
            Rows::parse(rows.get())
        };
        pick(self.text()?).map_err(|cause| self.unexpected(&cause))
    }

    fn unexpected(&self, cause: &serde_json::Error) -> Error {
        let subject = format!("the response to {}", self.origin);
        // The start of an HTML page explains the failure. JSON is not quoted: it may contain rows, which must not be
        // logged.
        let text = self.text().unwrap_or_default().trim_start();
        Error::Upstream(match text.chars().next() {
            None => format!("{subject} is not JSON: its body is empty"),
            Some('<') => format!(
                "{subject} is {}, not JSON: {}",
                markup(text),
                self.excerpt()
            ),
            Some('{' | '[') => format!("{subject} is not the expected JSON: {cause}"),
            Some(_) => format!(
                "{subject} is not the expected JSON: {cause}; it begins with {}",
                self.excerpt()
            ),
        })
    }

    /// The beginning of the body in one line, with the URL that a redirect led to.
    fn excerpt(&self) -> String {
        let Ok(text) = self.text() else {
            return "the body is not text".to_owned();
        };
        let line: Vec<_> = text.split_whitespace().take(EXCERPT).collect();
        let line = line.join(" ");
        let quoted = match line.char_indices().nth(EXCERPT) {
            Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
            None => line,
        };
        let asked = self.origin.rsplit(' ').next();
        let answered = without_query(self.url());
        if asked == Some(answered.as_str()) {
            quoted
        } else if quoted.is_empty() {
            format!("(from {answered})")
        } else {
            format!("{quoted} (from {answered})")
        }
    }
}

/// What a text that begins with a tag is: HTML if a tag of such a page is in its beginning.
fn markup(text: &str) -> &'static str {
    let beginning: String = text.chars().take(EXCERPT).collect();
    let beginning = beginning.to_ascii_lowercase();
    let tags = [
        "!doctype html",
        "html",
        "head",
        "title",
        "body",
        "h1",
        "h2",
        "p",
        "div",
        "center",
    ];
    let is_html = beginning.split('<').any(|tag| {
        tags.iter().any(|name| {
            let rest = tag.strip_prefix(name);
            rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
        })
    });
    if is_html { "HTML" } else { "XML" }
}

/// Reads one field of an object and skips the others.
struct Pick<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = &'de RawValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = &'de RawValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object with the field {:?}", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if name == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        found.ok_or_else(|| serde::de::Error::custom(format_args!("no field {:?}", self.0)))
    }
}

#[cfg(test)]
mod tests;
