//! The data that a connector provides for its calls.

use std::sync::Arc;

use crate::config::{ConnectorName, Limits};
use crate::egress::CurrentEgress;
use crate::secrets::Secrets;

/// The data that the calls of one version of a connector share, apart from its code.
pub(crate) struct CallSetup {
    pub(crate) name: ConnectorName,
    /// The name of its configuration file, or its path, for messages.
    pub(crate) config_file: String,
    pub(crate) limits: Limits,
    /// Names and values of its environment variables.
    pub(crate) environment: Arc<[(String, String)]>,
    /// Its only access to the network.
    pub(crate) egress: CurrentEgress,
    /// Its secrets, which must not be shown.
    pub(crate) secrets: Secrets,
}
