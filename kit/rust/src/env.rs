//! The connector's variables, with complaints that name them.

use std::fmt::Display;
use std::str::FromStr;

use crate::Error;

/// The variables of the connector's configuration, its section `[env]`. An empty one counts as missing.
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
    /// [`Error::Misconfigured`] where it isn't set.
    pub fn required(&self, name: &str) -> Result<&str, Error> {
        self.optional(name).ok_or_else(|| {
            Error::Misconfigured(format!(
                "{name} is missing: set it in the section [env] of the connector's configuration"
            ))
        })
    }

    /// The variable `name` as a number or whatever else text can be parsed to, if it is set.
    ///
    /// # Errors
    ///
    /// [`Error::Misconfigured`] where it can't be parsed. The message quotes it, so this isn't for secrets.
    pub fn parsed<T>(&self, name: &str) -> Result<Option<T>, Error>
    where
        T: FromStr<Err: Display>,
    {
        let parse = |value: &str| {
            value.trim().parse().map_err(|cause| {
                Error::Misconfigured(format!("{name} is {value:?}, which is wrong: {cause}"))
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

    fn complaint<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
        match result {
            Err(Error::Misconfigured(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_missing_variable_is_named() {
        for variables in [&[][..], &[("API_KEY", "")], &[("API_KEYS", "x")]] {
            assert!(complaint(env(variables).required("API_KEY")).contains("API_KEY is missing"));
        }
        assert_eq!(env(&[("API_KEY", "x")]).required("API_KEY"), Ok("x"));
    }

    #[test]
    fn a_wrong_number_is_named_and_quoted() {
        for value in ["soon", "-1", "0.5", "4294967296"] {
            let message = complaint(env(&[("PAUSE_MS", value)]).parsed::<u32>("PAUSE_MS"));
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
