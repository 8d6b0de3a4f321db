//! The connector's variables, with errors that name them.

use std::fmt::Display;
use std::str::FromStr;

use crate::Error;

/// The variables of the connector's configuration (its section `[env]`). An empty value counts as missing.
#[derive(Clone)]
pub struct Env {
    variables: Vec<(String, String)>,
}

impl Env {
    pub(crate) fn new(variables: Vec<(String, String)>) -> Self {
        Self { variables }
    }

    /// The variable `name`, if it is set.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        let (_, value) = self.variables.iter().find(|(known, _)| known == name)?;
        (!value.is_empty()).then_some(value)
    }

    /// The variable `name`.
    ///
    /// # Errors
    ///
    /// [`Error::Misconfigured`] if it isn't set.
    pub fn required(&self, name: &str) -> Result<&str, Error> {
        self.optional(name).ok_or_else(|| {
            Error::Misconfigured(format!(
                "{name} is missing: set it in the section [env] of the connector's configuration"
            ))
        })
    }

    /// The variable `name`, parsed as a number or any other type that implements [`FromStr`]; `None` if it isn't set.
    ///
    /// # Errors
    ///
    /// [`Error::Misconfigured`] if it can't be parsed. The message quotes the value, so don't use this for secrets.
    pub fn parsed<T>(&self, name: &str) -> Result<Option<T>, Error>
    where
        T: FromStr<Err: Display>,
    {
        let parse = |value: &str| {
            value.trim().parse().map_err(|cause| {
                Error::Misconfigured(format!(
                    "the variable {name} has the invalid value {value:?}: {cause}"
                ))
            })
        };
        self.optional(name).map(parse).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(variables: &[(&str, &str)]) -> Env {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Env::new(variables.iter().map(owned).collect())
    }

    fn misconfiguration<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
        match result {
            Err(Error::Misconfigured(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_missing_variable_is_named() {
        for variables in [&[][..], &[("API_KEY", "")], &[("API_KEYS", "x")]] {
            assert!(
                misconfiguration(env(variables).required("API_KEY")).contains("API_KEY is missing")
            );
        }
        assert_eq!(env(&[("API_KEY", "x")]).required("API_KEY"), Ok("x"));
    }

    #[test]
    fn an_invalid_number_is_named_and_quoted() {
        for value in ["soon", "-1", "0.5", "4294967296"] {
            let message = misconfiguration(env(&[("PAUSE_MS", value)]).parsed::<u32>("PAUSE_MS"));
            assert!(
                message.contains("PAUSE_MS") && message.contains(value),
                "{message}"
            );
        }
        assert_eq!(
            env(&[("PAUSE_MS", " 5 ")]).parsed::<u32>("PAUSE_MS"),
            Ok(Some(5))
        );
        assert_eq!(env(&[]).parsed::<u32>("PAUSE_MS"), Ok(None));
    }
}
