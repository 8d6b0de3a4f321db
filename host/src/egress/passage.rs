//! The way of a request through a proxy.

use std::net::IpAddr;
use std::sync::Arc;

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use url::Url;

use super::host_maps::HostMaps;
use super::proxy_fault::{ProxyError, ProxyFault};
use crate::config::{ProxyAddress, ProxyConfig, Secret};
use crate::secrets::{MIN_SECRET_BYTES, Secrets};

/// The name of the proxies' secrets where they are replaced: `[secret proxy]`.
const SECRET_NAME: &str = "proxy";

/// The proxies, and the maps of a trial, which take precedence over them. Clones share their state.
#[derive(Clone, Default)]
pub(super) struct Passages {
    pub(super) maps: HostMaps,
    pub(super) proxies: Arc<ProxyConfig>,
}

/// The way of a request through a proxy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage<'p> {
    pub(super) proxy: &'p ProxyAddress,
    pub(super) form: PassageForm,
}

/// What a proxy is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PassageForm {
    /// The method CONNECT with the host's name.
    TunnelByName,
    /// The method CONNECT with an address that this host has resolved and judged.
    TunnelByAddress,
    /// Whole requests with the whole URL. The proxy connects to the URL's host, whatever `Host` says.
    Forward,
}

impl Passages {
    /// Registers the users and passwords of the proxies. A proxy may pass `Proxy-Authorization` on (RFC 9110, section
    /// 11.7.2), and an API may repeat it in its response. The guest must not see it there.
    pub(super) fn add_secrets(&self, secrets: &Secrets) {
        let ProxyConfig { https, http, .. } = &*self.proxies;
        for proxy in [https, http].into_iter().flatten() {
            if let Some(authorization) = proxy.authorization() {
                let value = authorization.expose();
                secrets.add(value.strip_prefix("Basic ").unwrap_or(value), SECRET_NAME);
            }
            // A shorter one may be an ordinary word. It is hidden only together with the user.
            if let Some(password) = proxy.password().map(Secret::expose)
                && password.len() >= MIN_SECRET_BYTES
            {
                secrets.add(password, SECRET_NAME);
            }
        }
    }

    /// The passage of requests for this URL; `None` if they go directly.
    pub(super) fn of_url(&self, url: &Url) -> Option<Passage<'_>> {
        if !self.proxies.has_proxy() || self.maps.has(url) {
            return None;
        }
        let port = url.port_or_known_default().unwrap_or_default();
        self.of(url.scheme() == "https", url.host_str()?, port)
    }

    /// The same for the host of a URL that has no map; an IPv6 address is in brackets.
    pub(super) fn of(&self, is_https: bool, host: &str, port: u16) -> Option<Passage<'_>> {
        let host = without_brackets(host);
        let proxy = self.proxies.for_host(is_https, host, port)?;
        let is_name = host.parse::<IpAddr>().is_err();
        let form = match (is_https, is_name && self.proxies.host_resolves) {
            (true, false) => PassageForm::TunnelByName,
            (_, true) => PassageForm::TunnelByAddress,
            (false, false) => PassageForm::Forward,
        };
        Some(Passage { proxy, form })
    }
}

impl Passage<'_> {
    /// The proxy in messages, without user and password.
    pub(super) fn name(self) -> Arc<str> {
        self.proxy.to_string().into()
    }

    /// Adds the user and password to the headers of a request that is forwarded. With a tunnel, the proxy doesn't see them.
    pub(super) fn authorize(self, headers: &mut HeaderMap) {
        if self.form == PassageForm::Forward
            && let Some(authorization) = self.proxy.authorization()
            && let Ok(mut value) = HeaderValue::from_str(authorization.expose())
        {
            value.set_sensitive(true);
            headers.insert(header::PROXY_AUTHORIZATION, value);
        }
    }

    /// The error of the proxy if a response to a forwarded request is the proxy's own.
    pub(super) fn refusal(
        self,
        (status, headers): (StatusCode, &HeaderMap),
        target: &Url,
    ) -> Option<ProxyError> {
        if self.form != PassageForm::Forward {
            return None;
        }
        let is_own = status.as_u16() >= 400 && is_of_the_proxy(headers);
        let wants_login = status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
            || status == StatusCode::UNAUTHORIZED && is_own;
        let fault = if wants_login {
            ProxyFault::Authentication {
                status: status.as_u16(),
                was_sent: self.proxy.authorization().is_some(),
            }
        } else if is_own {
            let port = target.port_or_known_default().unwrap_or_default();
            let host = format!("{}:{port}", target.host_str().unwrap_or_default());
            ProxyFault::Refused {
                status: status.as_u16(),
                answer: status.to_string(),
                advice: match status.is_server_error() {
                    true => format!("it could not reach {host}"),
                    false => format!("ask its operator to permit requests to {host}"),
                },
            }
        } else {
            return None;
        };
        Some(self.error(fault))
    }

    pub(super) fn error(self, fault: ProxyFault) -> ProxyError {
        ProxyError {
            proxy: self.name(),
            fault: Arc::new(fault),
        }
    }
}

/// Whether the headers of an error say that a proxy has generated it: by `Proxy-Status` (RFC 9209), or in the ways of
/// Squid and tinyproxy. The host cannot distinguish the errors of other proxies from those of the API.
fn is_of_the_proxy(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let parameters = |status: &str| {
        status
            .split(';')
            .skip(1)
            .any(|one| one.trim().starts_with("error="))
    };
    text("proxy-status").is_some_and(parameters)
        || headers.contains_key("x-squid-error")
        || text("server").is_some_and(|server| server.starts_with("tinyproxy"))
}

/// A host without the brackets of an IPv6 address.
pub(super) fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests;
