//! The variables of a worker's process.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use crate::config::{ConnectorConfig, Secret};

/// The host's own secrets.
const OWN: [&str; 2] = ["WELD_API_KEY", "WELD_TOKEN_KEY"];

/// The variables of a worker's process: those of this process, without secrets that the connector must not see. Tools
/// need the others, such as `PATH`. The connector's own variables come with each call.
#[derive(Debug)]
pub(super) struct WorkerEnvironment(Vec<(OsString, OsString)>);

impl WorkerEnvironment {
    /// Leaves out the host's own keys, and each variable whose value contains a key or password of the configuration.
    pub(super) fn new(variables: Vec<(OsString, OsString)>, config: &ConnectorConfig) -> Self {
        let credentials = config.credentials.iter().flat_map(|known| &known.secrets);
        let secrets: Vec<&Secret> = credentials
            .chain(config.api_keys.iter().flatten())
            .filter(|secret| !secret.expose().is_empty())
            .collect();
        let is_secret = |value: &OsString| {
            let of = |secret: &&Secret| {
                memchr::memmem::find(value.as_bytes(), secret.expose().as_bytes()).is_some()
            };
            secrets.iter().any(of)
        };
        let is_given = |(name, value): &(OsString, OsString)| {
            !OWN.iter().any(|own| name == own) && !is_secret(value)
        };
        Self(variables.into_iter().filter(is_given).collect())
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Ceilings;

    #[test]
    fn keys_of_the_host_and_of_credentials_are_left_out() {
        let text = "api-key = \"of-weld\"\n[auth.shop]\nurls = [\"https://a.example.com\"]\nkind = \"bearer\"\n\
                    token = \"hunter2\"\n[env]\nREGION = \"eu\"\n[network]\nallow = [\"https://a.example.com\"]";
        let config = ConnectorConfig::parse(text, Path::new("shop.toml"), &Ceilings::default());
        let given = [
            ("PATH", "/bin"),
            ("WELD_API_KEY", "any"),
            ("WELD_TOKEN_KEY", "any"),
            ("SHOP_TOKEN", "hunter2"),
            ("SHOP_HEADER", "Bearer hunter2"),
            ("KEY", "of-weld"),
            ("REGION", "us"),
        ];
        let variables = given.map(|(name, value)| (name.into(), value.into()));
        let environment = WorkerEnvironment::new(variables.to_vec(), &config.unwrap());
        let names: Vec<_> = environment.variables().map(|(name, _)| name).collect();
        assert_eq!(names, ["PATH", "REGION"]);
    }
}
