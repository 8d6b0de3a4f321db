//! Why a request can't have its credential.

/// Every way in which the credential of a request can't be had. No text of it holds a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthError {
    #[error("there is no credential `{name}` in {file}; {}", known(names))]
    Unknown {
        name: String,
        /// Those that there are.
        names: Vec<String>,
        /// The connector's configuration file.
        file: String,
    },

    #[error(
        "the credential `{name}` doesn't hold for this URL of {origin}; see `urls` under [auth.{name}] in {file}"
    )]
    Elsewhere {
        name: String,
        origin: String,
        /// The connector's configuration file.
        file: String,
    },

    #[error(
        "the credentials {} hold for this URL of {origin}; name one in the request's `credential`, or narrow `urls` in {file}",
        listed(names)
    )]
    Ambiguous {
        names: Vec<String>,
        origin: String,
        /// The connector's configuration file.
        file: String,
    },

    #[error(
        "the credential `{name}` can't be signed: the system has no random numbers, or its clock is not set"
    )]
    Unsigned { name: String },
}

fn known(names: &[String]) -> String {
    if names.is_empty() {
        "it has no section [auth.NAME]".to_owned()
    } else {
        format!("it has {}", listed(names))
    }
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
