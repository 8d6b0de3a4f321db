//! The names of connectors.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

/// What messages to the author call the configuration at this path. A component may have none.
pub(crate) fn shown_config_file(path: &Path) -> String {
    let missing = match path.exists() {
        true => "",
        false => ", which doesn't exist yet",
    };
    format!("{}{missing}", path.display())
}

/// A connector's name: the file name of `NAME.wasm` without its extension, and the first segment of its URL.
///
/// 1 to 63 characters `[a-z0-9][a-z0-9._-]{0,62}`, so that it needs no escaping in URLs, file names, logs and metrics.
/// The names `schema`, `healthz`, `readyz` and `metrics` are reserved for paths of the server itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectorName(Arc<str>);

impl ConnectorName {
    const MAX_LENGTH: usize = 63;
    const RESERVED: [&str; 4] = ["schema", "healthz", "readyz", "metrics"];

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as text that shares its memory, as for labels of metrics.
    pub(crate) fn shared(&self) -> Arc<str> {
        self.0.clone()
    }

    /// The file next to the component that configures this connector.
    pub fn config_file(&self) -> String {
        format!("{}.toml", self.0)
    }

    fn check(name: &str) -> Result<(), NameFault> {
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        if name.is_empty() {
            Err(NameFault::Empty)
        } else if let Some(letter) = name
            .chars()
            .find(|&letter| !is_plain(letter) && !"._-".contains(letter))
        {
            Err(NameFault::Character(letter))
        } else if !name.starts_with(is_plain) {
            Err(NameFault::FirstCharacter)
        } else if name.len() > Self::MAX_LENGTH {
            Err(NameFault::TooLong)
        } else if Self::RESERVED.contains(&name) {
            Err(NameFault::Reserved)
        } else {
            Ok(())
        }
    }

    /// A similar valid name, if there is an obvious one.
    fn suggestion(name: &str) -> Option<String> {
        let plain: String = name
            .chars()
            .map(|letter| {
                if letter.is_whitespace() {
                    '-'
                } else {
                    letter.to_ascii_lowercase()
                }
            })
            .collect();
        let plain = plain
            .trim_start_matches(['.', '_', '-'])
            .trim_end_matches('-');
        Self::check(plain).is_ok().then(|| plain.to_owned())
    }
}

impl std::borrow::Borrow<str> for ConnectorName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for ConnectorName {
    type Err = NameError;

    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`NameError`], which says what is wrong and suggests a valid name if there is an obvious one.
    fn from_str(name: &str) -> Result<Self, NameError> {
        match Self::check(name) {
            Ok(()) => Ok(Self(name.into())),
            Err(fault) => Err(NameError {
                fault,
                suggestion: Self::suggestion(name),
            }),
        }
    }
}

impl fmt::Display for ConnectorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a valid name of a connector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}{}", advice(suggestion.as_deref()))]
pub struct NameError {
    fault: NameFault,
    suggestion: Option<String>,
}

impl NameError {
    /// A similar valid name, if there is an obvious one.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

fn advice(suggestion: Option<&str>) -> String {
    suggestion
        .map(|name| format!("; rename it to `{name}`"))
        .unwrap_or_default()
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum NameFault {
    #[error("the name is empty")]
    Empty,
    #[error(
        "the name contains {0:?}, but may contain only lower-case letters a-z, digits, `.`, `_` and `-`"
    )]
    Character(char),
    #[error("the name must begin with a lower-case letter or a digit")]
    FirstCharacter,
    #[error("the name is longer than {} characters", ConnectorName::MAX_LENGTH)]
    TooLong,
    #[error("the names {} are reserved for the server itself", ConnectorName::RESERVED.join(", "))]
    Reserved,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_a_url_segment() {
        let longest = "a".repeat(63);
        for name in [
            "beers",
            "a",
            "0",
            "punk-api.v2_beta",
            "a..b",
            "schema2",
            &longest,
        ] {
            assert_eq!(
                name.parse::<ConnectorName>()
                    .map(|name| name.to_string())
                    .as_deref(),
                Ok(name),
                "{name:?}"
            );
        }
    }

    #[test]
    fn invalid_names_are_refused_with_a_suggestion() {
        let too_long = "a".repeat(64);
        let cases = [
            ("", NameFault::Empty, None),
            ("Beers", NameFault::Character('B'), Some("beers")),
            ("My Beers", NameFault::Character('M'), Some("my-beers")),
            ("beers/x", NameFault::Character('/'), None),
            ("bier-für-alle", NameFault::Character('ü'), None),
            ("beers\n", NameFault::Character('\n'), Some("beers")),
            (".beers", NameFault::FirstCharacter, Some("beers")),
            ("..", NameFault::FirstCharacter, None),
            ("-", NameFault::FirstCharacter, None),
            ("schema", NameFault::Reserved, None),
            ("metrics", NameFault::Reserved, None),
            ("Healthz", NameFault::Character('H'), None),
            (&too_long, NameFault::TooLong, None),
        ];
        for (name, fault, suggestion) in cases {
            let error = name.parse::<ConnectorName>().expect_err(name);
            assert_eq!(
                (error.fault.clone(), error.suggestion()),
                (fault, suggestion),
                "{name:?}"
            );
        }
    }

    #[test]
    fn the_message_says_what_to_do() {
        let error = "Beers"
            .parse::<ConnectorName>()
            .expect_err("an upper-case letter");
        assert_eq!(
            error.to_string(),
            "the name contains 'B', but may contain only lower-case letters a-z, digits, `.`, `_` and `-`; rename it to `beers`"
        );
    }
}
