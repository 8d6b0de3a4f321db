//! The operator's policy: section `[policy]` of `weld-host.toml`. It bounds what each `NAME.toml` may say.
//!
//! A `NAME.toml` that goes beyond it is invalid: its connector isn't loaded. `egress` applies the policy once more to
//! each request and each address.

mod bound;
mod place;
mod section;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use ipnet::IpNet;
use url::Url;

use super::allow::{AllowList, AllowRule};
use super::ceilings::Ceilings;
pub use bound::{ConnectorGrant, ConnectorGrants, PolicyBound, SecretPlace, VariablePattern};
pub use place::PolicyPlace;

/// What connectors may do at most. The default permits everything that a `NAME.toml` can permit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// `origins`: the requests that connectors may send. Each rule of a connector must be covered by one of these.
    pub origins: Option<PolicyBound<AllowList>>,
    /// `networks`: the networks of special use, such as private ones, that connectors may open.
    pub networks: Option<PolicyBound<Vec<IpNet>>>,
    /// `variables`: the environment variables that each connector may name.
    pub variables: Option<PolicyBound<ConnectorGrants<VariablePattern>>>,
    /// `secret-files`: the files and folders that each connector may name.
    pub secret_files: Option<PolicyBound<ConnectorGrants<SecretPlace>>>,
    /// `wasi-http = false`: connectors may not import `wasi:http/outgoing-handler`; `None` if they may.
    pub no_wasi_http: Option<PolicyPlace>,
    /// `require-key = true`: the host must have a key; `None` if it need not.
    pub require_key: Option<PolicyPlace>,
}

/// What the operator's settings bound in a `NAME.toml`.
#[derive(Clone, Debug)]
pub struct OperatorBounds {
    /// The upper bounds of limits.
    pub ceilings: Ceilings,
    /// The policy.
    pub policy: Arc<Policy>,
    /// Whether an address is of special use. A rule that names such an address opens it, as `allow-networks` does.
    pub is_special: fn(IpAddr) -> bool,
    /// The number of changes since the start. A configuration that was read under other bounds is read again.
    pub generation: u64,
}

impl OperatorBounds {
    /// These ceilings, and no policy.
    #[must_use]
    pub fn without_policy(ceilings: Ceilings) -> Self {
        Self {
            ceilings,
            policy: Arc::default(),
            is_special: |_| false,
            generation: 0,
        }
    }
}

impl Policy {
    /// Whether a request may be sent.
    ///
    /// # Errors
    ///
    /// The line that forbids it.
    pub fn permits_request(&self, method: &str, url: &Url) -> Result<(), &PolicyPlace> {
        match &self.origins {
            Some(bound) if !bound.permitted.permits(method, url) => Err(&bound.place),
            _ => Ok(()),
        }
    }

    /// Whether a connector may have this rule.
    pub(super) fn permits_rule(&self, rule: &AllowRule) -> Result<(), &PolicyPlace> {
        match &self.origins {
            Some(bound) if !bound.permitted.covers(rule) => Err(&bound.place),
            _ => Ok(()),
        }
    }

    /// Whether a connector may open this network.
    pub(super) fn permits_network(&self, network: &IpNet) -> Result<(), &PolicyPlace> {
        match &self.networks {
            Some(bound) if !bound.permitted.iter().any(|outer| outer.contains(network)) => {
                Err(&bound.place)
            }
            _ => Ok(()),
        }
    }

    /// Whether a connector may name this variable.
    pub(super) fn permits_variable(&self, connector: &str, name: &str) -> Result<(), &PolicyPlace> {
        match &self.variables {
            Some(bound) => bound.check(connector, |pattern| pattern.matches(name)),
            None => Ok(()),
        }
    }

    /// Whether connectors may name only some files.
    pub(super) fn bounds_files(&self) -> bool {
        self.secret_files.is_some() || self.variables.is_some()
    }

    /// Whether a connector may name this file, whose path has no links.
    pub(super) fn permits_file(&self, connector: &str, file: &Path) -> Result<(), &PolicyPlace> {
        // `/proc/self/environ` has all variables.
        if let Some(bound) = &self.variables
            && file.starts_with("/proc")
        {
            return Err(&bound.place);
        }
        match &self.secret_files {
            Some(bound) => bound.check(connector, |place| place.contains(file)),
            None => Ok(()),
        }
    }
}
