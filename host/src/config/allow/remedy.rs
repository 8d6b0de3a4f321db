//! What an operator can do about a request that no rule permits.

use url::Url;

use super::{AllowList, syntax};

/// What an operator can do about a request that no rule permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowRemedy {
    /// Add a list with this rule.
    FirstRule(String),
    /// Add this rule to the list.
    Rule(String),
    /// The rules permit the request over https at this origin: let `upgrade-http` make the host call it there.
    Upgrade(String),
    /// The rules permit the request at this origin, on another port: fix the link, or add the rule.
    Port {
        /// Where the rules permit it.
        permitted: String,
        /// What to add if the URL is right.
        rule: String,
    },
}

impl AllowRemedy {
    /// The advice, as the end of a message; `file` is the connector's configuration file.
    pub fn told(&self, file: &str) -> String {
        match self {
            Self::FirstRule(rule) => {
                format!("add the line `allow = [\"{rule}\"]` under [network] in {file}")
            }
            Self::Rule(rule) => {
                format!("add \"{rule}\" to `allow` under [network] in {file}")
            }
            Self::Upgrade(secure) => format!(
                "the rules allow {secure}, so the link has http instead of https: set `upgrade-http = true` under [network] in \
                {file}, and the host calls https instead (a rule for http would send credentials unencrypted)"
            ),
            Self::Port { permitted, rule } => format!(
                "the rules allow {permitted}, so the link's port may be wrong or missing: fix the link, or add \"{rule}\" to \
                `allow` under [network] in {file}"
            ),
        }
    }
}

impl AllowList {
    /// What an operator would do to permit a request to an http or https URL that no rule permits.
    pub fn remedy(&self, method: &str, url: &Url) -> AllowRemedy {
        if let Some(secure) = self.secure_form(method, url) {
            return AllowRemedy::Upgrade(secure.origin().ascii_serialization());
        }
        let other_port = self.at_another_port(method, url, url.scheme());
        let secure = with_scheme_https(url).filter(|secure| self.covers_host(secure));
        // Don't suggest a rule for http next to one for https: an API that is called encrypted is sent credentials.
        let rule = self.suggestion(method, secure.as_ref().unwrap_or(url));
        match other_port {
            Some(permitted) => AllowRemedy::Port {
                permitted: permitted.origin().ascii_serialization(),
                rule,
            },
            None if !self.is_written => AllowRemedy::FirstRule(rule),
            None => AllowRemedy::Rule(rule),
        }
    }

    /// The https form of an http URL, if the rules permit a request there: on the URL's own port, otherwise on the
    /// default port of https, otherwise on the only port that the rules have for it. `None` for a URL of another
    /// scheme.
    pub fn secure_form(&self, method: &str, url: &Url) -> Option<Url> {
        let secure = with_scheme_https(url)?;
        if self.permits(method, &secure) {
            return Some(secure);
        }
        if url.port().is_some() {
            return None;
        }
        self.at_another_port(method, &secure, "https")
    }

    /// The same URL on the only port on which the rules of its scheme permit the request; `None` unless exactly one
    /// does.
    fn at_another_port(&self, method: &str, url: &Url, scheme: &str) -> Option<Url> {
        let mut found: Option<Url> = None;
        for rule in self.rules.iter().filter(|rule| rule.scheme == scheme) {
            let mut other = url.clone();
            other.set_port(Some(rule.port)).ok()?;
            if !rule.permits(method, &other) {
                continue;
            }
            if found.as_ref().is_some_and(|found| *found != other) {
                return None;
            }
            found = Some(other);
        }
        found
    }

    /// Whether a rule is for the URL's scheme and host, on any port.
    fn covers_host(&self, url: &Url) -> bool {
        self.rules.iter().any(|rule| {
            let mut at_its_port = url.clone();
            at_its_port.set_port(Some(rule.port)).is_ok() && rule.covers_origin(&at_its_port)
        })
    }

    /// The rule that the operator would add to permit a request to an http or https URL, such as
    /// `https://api.example.com`.
    ///
    /// It names the method only if a rule for the same host doesn't permit that method, so that it doesn't undo that
    /// choice. It never has the URL's path, user name or query, which may hold a token.
    ///
    /// No rule permits a URL whose host ends with a dot, is too long for a name, or is an address that can't be
    /// connected to, or whose port is 0. In these cases the result isn't a valid rule either.
    pub fn suggestion(&self, method: &str, url: &Url) -> String {
        let origin = url.origin().ascii_serialization();
        let is_left_out =
            |rule: &super::AllowRule| rule.covers_origin(url) && !rule.permits_method(method);
        if self.rules.iter().any(is_left_out) && syntax::is_method(method) {
            format!("{method} {origin}")
        } else {
            origin
        }
    }
}

/// `None` for a URL that isn't http.
fn with_scheme_https(url: &Url) -> Option<Url> {
    if url.scheme() != "http" {
        return None;
    }
    let mut secure = url.clone();
    secure.set_scheme("https").ok()?;
    Some(secure)
}

#[cfg(test)]
mod tests;
