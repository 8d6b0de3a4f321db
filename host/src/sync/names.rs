//! How messages name the server of a request and the key for it.

use std::fmt::{self, Display, Formatter};

/// The server of a request, as messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerName {
    /// The request's URL, without the query, which contains a key on some platforms.
    Url(String),
    /// A component that this process serves, at a URL that its user doesn't know.
    Component,
}

impl Display for ServerName {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Url(url) => url,
            Self::Component => "the connector",
        })
    }
}

/// The source of a client's key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeySource {
    /// The flag `--key`.
    Flag,
    /// The environment variable `WELD_API_KEY`.
    Variable,
    /// Neither: the calling program made or obtained the key.
    #[default]
    Program,
}
