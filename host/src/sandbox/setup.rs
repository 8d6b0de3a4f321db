//! What a connector brings to its calls.

use std::sync::Arc;

use crate::config::{ConnectorName, Limits};
use crate::egress::CurrentEgress;
use crate::secrets::Secrets;

/// What the calls of one version of a connector have in common, beside its code.
pub(crate) struct CallSetup {
    pub(crate) name: ConnectorName,
    pub(crate) limits: Limits,
    /// Names and values of its environment variables.
    pub(crate) environment: Arc<[(String, String)]>,
    /// Its one way to the network.
    pub(crate) egress: CurrentEgress,
    /// What must not be shown of it.
    pub(crate) secrets: Secrets,
}
