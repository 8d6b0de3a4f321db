//! URLs of a server that issues tokens.

use http::Method;
use url::Url;

use crate::config::allow::AllowList;

/// Reads the URL of a token endpoint. `allow` are the rules of `[network]`; `None` if they are invalid.
pub(super) fn token_url(
    text: &str,
    method: &Method,
    allow: Option<&AllowList>,
) -> Result<Url, String> {
    let url = address(text)?;
    match allow {
        Some(allow) if !allow.permits(method.as_str(), &url) => Err(format!(
            "no rule of `allow` under [network] permits a {method} there: add \"{}\"",
            allow.suggestion(method.as_str(), &url)
        )),
        _ => Ok(url),
    }
}

/// Reads a URL that requests are sent to.
pub(super) fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or("write a complete URL such as \"https://login.example.com/token\"")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "the URL contains a user name or password: write `client-id` and `client-secret` instead"
                .to_owned(),
        );
    }
    if url.fragment().is_some() {
        return Err("the URL contains a fragment, which is never sent: remove it".to_owned());
    }
    Ok(url)
}
