//! What the operator sets: the variables in the section `[env]` of `beers.toml`.

use crate::exports::weld::connector::source::Error;

const DEFAULT_BASE_URL: &str = "https://api.punkapi.com/v2";
const DEFAULT_PAUSE: u32 = 500;

#[derive(Debug, PartialEq)]
pub struct Settings {
    /// `API_BASE_URL`, without a slash at its end.
    pub base_url: String,
    /// `API_BEARER_TOKEN`.
    pub token: String,
    /// `PAUSE_MS`: between two pages, in milliseconds.
    pub pause: u32,
}

impl Settings {
    /// Reads the settings from the environment that `variable` looks into.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let given = |name| variable(name).filter(|value| !value.is_empty());

        let base_url = given("API_BASE_URL").unwrap_or_else(|| DEFAULT_BASE_URL.into());
        let token = given("API_BEARER_TOKEN").ok_or_else(|| {
            Error::Misconfigured(
                "API_BEARER_TOKEN is missing: set it to your token for the API".into(),
            )
        })?;
        let pause = match given("PAUSE_MS") {
            None => DEFAULT_PAUSE,
            Some(text) => text.parse().map_err(|_| {
                Error::Misconfigured(format!(
                    "PAUSE_MS is {text:?}, not a number of milliseconds"
                ))
            })?,
        };

        Ok(Self {
            base_url: base_url.trim_end_matches('/').into(),
            token,
            pause,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, Error> {
        Settings::read(|name| {
            let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
            Some((*value).into())
        })
    }

    fn complaint(variables: &[(&str, &str)]) -> String {
        match read(variables) {
            Err(Error::Misconfigured(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_the_token_must_be_set() {
        let settings = read(&[("API_BEARER_TOKEN", "secret")]).unwrap();
        assert_eq!(settings.base_url, "https://api.punkapi.com/v2");
        assert_eq!(settings.token, "secret");
        assert_eq!(settings.pause, 500);
    }

    #[test]
    fn every_setting_can_be_set() {
        let settings = read(&[
            ("API_BASE_URL", "http://127.0.0.1:9000/v2/"),
            ("API_BEARER_TOKEN", "secret"),
            ("PAUSE_MS", "0"),
        ]);
        let expected = Settings {
            base_url: "http://127.0.0.1:9000/v2".into(),
            token: "secret".into(),
            pause: 0,
        };
        assert_eq!(settings, Ok(expected));
    }

    #[test]
    fn a_complaint_names_the_variable() {
        assert!(complaint(&[]).contains("API_BEARER_TOKEN"));
        assert!(complaint(&[("API_BEARER_TOKEN", "")]).contains("API_BEARER_TOKEN"));
        for pause in ["soon", "-1", "0.5", "4294967296"] {
            let message = complaint(&[("API_BEARER_TOKEN", "secret"), ("PAUSE_MS", pause)]);
            assert!(
                message.contains("PAUSE_MS") && message.contains(pause),
                "{message}"
            );
        }
    }
}
