//! Why a command about credentials failed.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::ConfigError;
use crate::tokens::TokenError;

/// Why a command about credentials failed. No message contains a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthCommandError {
    /// The connector's file can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// The connector has no configuration.
    #[error("there is no {}; --plugins chooses the plugins folder", .0.display())]
    NoConfig(PathBuf),

    /// The plugins folder can't be read.
    #[error("the plugins folder {} can't be read", path.display())]
    Plugins {
        /// The folder.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },

    /// There is no such credential.
    #[error("{file} has no credential {}", named(name.as_deref()))]
    NoCredential {
        /// The connector's file.
        file: String,
        /// The requested name.
        name: Option<String>,
    },

    /// There are several credentials, and none was named.
    #[error("{file} has several credentials: choose one of {} with --credential", names.join(", "))]
    SeveralCredentials {
        /// The connector's file.
        file: String,
        /// The names of the credentials.
        names: Vec<String>,
    },

    /// The credential has no login.
    #[error(
        "[auth.{name}] in {file} has no login: a login needs kind = \"oauth2\", grant = \"refresh-token\" and authorize-url"
    )]
    NoLogin {
        /// The credential.
        name: String,
        /// The connector's file.
        file: String,
    },

    /// The credential needs no token, and there is no URL to test it with.
    #[error(
        "[auth.{name}] needs no token; give a URL to test it with: `weld-host auth test CONNECTOR URL`"
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

    /// The token store failed.
    #[error(transparent)]
    Store(#[from] TokenError),

    /// The redirect address can't be listened on.
    #[error(
        "can't listen on port {port} of this machine; --port or `redirect-uri` chooses another"
    )]
    Listen {
        /// The port.
        port: u16,
        /// The error of the system.
        #[source]
        source: io::Error,
    },

    /// The system gave no random bytes.
    #[error("the system gave no random numbers")]
    Randomness,

    /// Nobody granted access in time.
    #[error("nobody granted access within {}", crate::config::duration_text(*.0))]
    TimedOut(Duration),

    /// The person or the server refused access.
    #[error("access was not granted: {0}")]
    Refused(String),

    /// The connector's certificates can't be used.
    #[error("the connector's certificates can't be used: {0}")]
    Certificates(String),

    /// There is no token, although access was granted.
    #[error("{0}")]
    NoToken(String),
}

fn named(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("`{name}`"),
        None => "of the kind `oauth2`".to_owned(),
    }
}
