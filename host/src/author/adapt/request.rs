//! The request to `adapt`.

use std::path::PathBuf;

use super::error::AdaptError;
use crate::config::ConnectorName;

/// What to adapt, and how.
#[derive(Debug)]
pub(crate) struct AdaptRequest {
    /// A file or a folder.
    pub(crate) path: PathBuf,
    /// The connector's name; by default that of the folder to create, or of the source's folder.
    pub(crate) name: Option<ConnectorName>,
    /// The function that answers requests, if its name is not one of the usual ones.
    pub(crate) entry: Option<String>,
    /// The variable with the key that the function checks, if the source doesn't show it.
    pub(crate) key_variable: Option<String>,
    /// Packages that the shim replaces with a stand-in for the usual calls.
    pub(crate) stand_ins: Vec<String>,
    /// The folder to create; by default one with the connector's name in the current folder.
    pub(crate) output: Option<PathBuf>,
}

impl AdaptRequest {
    /// Checks the flags before any file is read.
    ///
    /// # Errors
    ///
    /// [`AdaptError`]: a name is not valid.
    pub(super) fn check(&self) -> Result<(), AdaptError> {
        if let Some(variable) = &self.key_variable
            && !is_variable(variable)
        {
            return Err(AdaptError::KeyVariable(variable.clone()));
        }
        match &self.entry {
            Some(entry) if entry.trim().is_empty() => Err(AdaptError::NoEntry),
            _ => Ok(()),
        }
    }

    /// The flags for the scan of the source, each with its value; the same for all languages.
    pub(super) fn scan_flags(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("--entry", &self.entry),
            ("--key-variable", &self.key_variable),
        ]
        .into_iter()
        .filter_map(|(flag, value)| Some((flag, value.as_deref()?)))
    }
}

fn is_variable(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_names_are_refused() {
        let request = |entry: Option<&str>, key_variable: Option<&str>| AdaptRequest {
            path: PathBuf::from("code"),
            name: None,
            entry: entry.map(str::to_owned),
            key_variable: key_variable.map(str::to_owned),
            stand_ins: Vec::new(),
            output: None,
        };
        for variable in ["", " ", "bad var", "1KEY", "A=B", "A-B", "$KEY", "KEY\n"] {
            let error = request(None, Some(variable)).check().unwrap_err();
            assert!(matches!(error, AdaptError::KeyVariable(_)), "{variable}");
        }
        for entry in ["", " "] {
            let error = request(Some(entry), None).check().unwrap_err();
            assert!(matches!(error, AdaptError::NoEntry), "{entry}");
        }
        for (entry, variable) in [("handler", "KEY"), ("my-function", "_key2"), ("a", "A")] {
            request(Some(entry), Some(variable)).check().unwrap();
        }
    }
}
