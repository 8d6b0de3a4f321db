//! Lists of pairs such as `key=value,other=value`, with percent-encoding.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use super::error::OtlpError;
use crate::config::is_reserved_header;

/// The pairs of a variable's value, decoded. Empty pairs are skipped.
pub(super) fn pairs(
    variable: &'static str,
    text: &str,
) -> Result<Vec<(String, String)>, OtlpError> {
    let mut pairs = Vec::new();
    for (number, pair) in (1..).zip(text.split(',')) {
        if pair.trim().is_empty() {
            continue;
        }
        let wrong = |problem| OtlpError::Pair {
            variable,
            number,
            problem,
        };
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| wrong("has no `=`: write key=value, with commas between the pairs"))?;
        let decoded = |text: &str| {
            let decoded = percent_decode_str(text.trim()).decode_utf8();
            decoded.map(Cow::into_owned).map_err(|_| {
                wrong("is not UTF-8 in percent-encoding: write % as %25 and a comma as %2C")
            })
        };
        let key = decoded(key)?;
        if key.is_empty() {
            return Err(wrong("has no key: write key=value"));
        }
        pairs.push((key, decoded(value)?));
    }
    Ok(pairs)
}

/// The pairs of a variable's value as headers, whose values are hidden.
pub(super) fn headers(
    variable: &'static str,
    text: &str,
) -> Result<Vec<(HeaderName, HeaderValue)>, OtlpError> {
    let all = pairs(variable, text)?.into_iter();
    let headers = (1..).zip(all).map(|(number, (key, value))| {
        let wrong = |problem| OtlpError::Pair {
            variable,
            number,
            problem,
        };
        let name = HeaderName::try_from(&key)
            .map_err(|_| wrong("has a key that is not a header's name"))?;
        if is_reserved_header(name.as_str()) || name == http::header::CONTENT_TYPE {
            return Err(wrong("is a header that only the host sets: remove it"));
        }
        let mut value = HeaderValue::try_from(&value)
            .map_err(|_| wrong("has a value that a header can't carry, such as a line break"))?;
        value.set_sensitive(true);
        Ok((name, value))
    });
    headers.collect()
}
