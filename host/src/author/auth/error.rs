//! Why a command about credentials failed.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::ConfigError;
use crate::tokens::TokenError;

/// Why a command about credentials failed. No text of it holds a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthCommandError {
    /// The connector's file can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// There is no such file.
    #[error("there is no {}; --plugins names the folder of connectors", .0.display())]
    NoConfig(PathBuf),

    /// The folder can't be read.
    #[error("the plugins folder {} can't be read", path.display())]
    Plugins {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// Nothing that a login could be for.
    #[error("{file} has no credential {}", named(name.as_deref()))]
    NoCredential {
        /// The connector's file.
        file: String,
        /// The one that was asked for.
        name: Option<String>,
    },

    /// Several, and none was named.
    #[error("{file} has several that are meant: name one of {} with --credential", names.join(", "))]
    SeveralCredentials {
        /// The connector's file.
        file: String,
        /// Their names.
        names: Vec<String>,
    },

    /// A credential that no person permits.
    #[error(
        "[auth.{name}] in {file} is not one to log in to: it needs kind = \"oauth2\", grant = \"refresh-token\" and authorize-url"
    )]
    NoLogin {
        /// The credential.
        name: String,
        /// The connector's file.
        file: String,
    },

    /// A credential of the configuration alone, and no URL.
    #[error(
        "[auth.{name}] needs no token: name a URL to try it with, `weld-host auth test CONNECTOR URL`"
    )]
    NothingToTry {
        /// The credential.
        name: String,
    },

    /// The API refused the credential.
    #[error("the API refused the credential `{name}` with status {status}")]
    TrialRefused {
        /// The credential.
        name: String,
        /// 401 or 403.
        status: u16,
    },

    /// The store.
    #[error(transparent)]
    Store(#[from] TokenError),

    /// The browser has nowhere to be sent back to.
    #[error(
        "port {port} of this machine can't be listened on; --port or `redirect-uri` takes another"
    )]
    Listen {
        /// The port.
        port: u16,
        /// What the system said.
        #[source]
        source: io::Error,
    },

    /// The system gave no random bytes.
    #[error("the system has no random numbers")]
    Randomness,

    /// Nobody came back in time.
    #[error("nobody permitted the access within {}", crate::config::duration_text(*.0))]
    TimedOut(Duration),

    /// The person or the server said no.
    #[error("the access was not permitted: {0}")]
    Refused(String),

    /// The connector's certificates can't be used.
    #[error("the connector's certificates can't be used: {0}")]
    Certificates(String),

    /// The server gave no token for the permission.
    #[error("{0}")]
    NoToken(String),
}

fn named(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("`{name}`"),
        None => "of the kind `oauth2`".to_owned(),
    }
}
