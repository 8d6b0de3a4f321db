//! What is asked of `adapt`.

use std::path::PathBuf;

use crate::config::ConnectorName;

/// What is to be adapted, as it was asked for.
#[derive(Debug)]
pub(crate) struct AdaptRequest {
    /// A file or a folder.
    pub(crate) path: PathBuf,
    /// The connector's name; by default that of the folder to make, or of the source.
    pub(crate) name: Option<ConnectorName>,
    /// The function that answers requests, if its name is not one of the usual ones.
    pub(crate) entry: Option<String>,
    /// The variable with the key that the function checks, if the source does not tell.
    pub(crate) key_variable: Option<String>,
    /// Packages for which the shim stands in, where a function makes few calls of them.
    pub(crate) stand_ins: Vec<String>,
    /// The folder to make; by default one with the connector's name, here.
    pub(crate) output: Option<PathBuf>,
}

impl AdaptRequest {
    /// What the scan of a source is told, in whatever language: a flag and its value each.
    pub(super) fn scan_flags(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("--entry", &self.entry),
            ("--key-variable", &self.key_variable),
        ]
        .into_iter()
        .filter_map(|(flag, value)| Some((flag, value.as_deref()?)))
    }
}
