//! A credential's place in a request.

use http::header::{self, HeaderMap, HeaderValue};
use url::{Url, form_urlencoded};

use crate::config::Addition;
use crate::egress::error::RequestFault;
use crate::egress::outgoing::Outgoing;

/// Adds a credential to a request, replacing anything that the guest has set under the same name.
pub(super) fn add(addition: &Addition, request: &mut Outgoing) -> Result<(), RequestFault> {
    match addition {
        Addition::Header { name, value } => {
            request.headers.insert(name, value.clone());
        }
        Addition::Query { name, value } => request
            .target
            .change(|url| set_parameter(url, name, value.expose())),
        Addition::Cookie { name, value } => set_cookie(&mut request.headers, name, value.expose())?,
    }
    Ok(())
}

/// The other parameters stay exactly as the guest wrote them, since some APIs require a signature of them.
fn set_parameter(url: &mut Url, name: &str, value: &str) {
    let is_other = |pair: &&str| {
        form_urlencoded::parse(pair.as_bytes())
            .next()
            .is_none_or(|(other, _)| other != name)
    };
    let mut pairs: Vec<&str> = url
        .query()
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter(|pair| !pair.is_empty())
        .filter(is_other)
        .collect();
    let own = format!("{}={}", escaped(name), escaped(value));
    pairs.push(&own);
    let query = pairs.join("&");
    url.set_query(Some(&query));
}

/// A space becomes `%20`, which every API reads, and not the `+` of forms.
fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// All cookies go into one header (RFC 6265, section 5.4).
fn set_cookie(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), RequestFault> {
    let mut cookies: Vec<&[u8]> = Vec::new();
    for given in headers.get_all(header::COOKIE) {
        let others = given
            .as_bytes()
            .split(|byte| *byte == b';')
            .map(<[u8]>::trim_ascii)
            .filter(|cookie| !cookie.is_empty() && name_of(cookie) != name.as_bytes());
        cookies.extend(others);
    }
    let own = format!("{name}={value}");
    cookies.push(own.as_bytes());
    let mut value = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
        .map_err(|_| RequestFault::HeaderValue(header::COOKIE.as_str().to_owned()))?;
    value.set_sensitive(true);
    headers.insert(header::COOKIE, value);
    Ok(())
}

fn name_of(cookie: &[u8]) -> &[u8] {
    cookie
        .split(|byte| *byte == b'=')
        .next()
        .unwrap_or_default()
        .trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_replaces_those_of_its_name_and_leaves_the_others_as_they_are() {
        let cases = [
            ("", "?key=a%20%26b"),
            ("?", "?key=a%20%26b"),
            ("?page=2&q=a%20b+c", "?page=2&q=a%20b+c&key=a%20%26b"),
            ("?key=guess&page=2&key", "?page=2&key=a%20%26b"),
            ("?k%65y=guess", "?key=a%20%26b"),
            ("?keys=1&x=key", "?keys=1&x=key&key=a%20%26b"),
        ];
        for (query, expected) in cases {
            let mut url = Url::parse(&format!("https://api.example.com/v1{query}")).expect(query);
            set_parameter(&mut url, "key", "a &b");
            let expected = format!("https://api.example.com/v1{expected}");
            assert_eq!(url.as_str(), expected, "{query}");
        }
    }

    #[test]
    fn a_cookie_replaces_those_of_its_name_and_joins_the_others() {
        let cases: [(&[&str], &str); 5] = [
            (&[], "key=own"),
            (&["a=1; b=2"], "a=1; b=2; key=own"),
            (&["key=guess;a=1", "b=2; key = guess"], "a=1; b=2; key=own"),
            (&["keys=1", "key"], "keys=1; key=own"),
            (&["; ;"], "key=own"),
        ];
        for (given, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in given {
                headers.append(header::COOKIE, HeaderValue::from_static(value));
            }
            set_cookie(&mut headers, "key", "own").expect("it can be sent");
            let cookies: Vec<&HeaderValue> = headers.get_all(header::COOKIE).iter().collect();
            assert_eq!(cookies, [expected], "{given:?}");
        }
    }
}
