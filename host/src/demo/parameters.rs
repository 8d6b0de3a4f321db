//! The parameters of a request's query, parsed strictly, so that a client's mistake is an error and not a default.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use url::form_urlencoded;

use super::error::DemoError;

/// The parameter that any request may have.
pub(super) const TOKEN: &str = "api_token";

/// A query whose parameters are all known and not repeated.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Parses a query. `known` are the parameters other than the token.
    ///
    /// # Errors
    ///
    /// `UnknownParameter` and `RepeatedParameter`.
    pub(super) fn read(query: Option<&str>, known: &[&str]) -> Result<Self, DemoError> {
        let mut given: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let name = name.into_owned();
            if name != TOKEN && !known.contains(&name.as_str()) {
                return Err(DemoError::UnknownParameter {
                    name,
                    known: known.join(", "),
                });
            }
            if given.iter().any(|(earlier, _)| *earlier == name) {
                return Err(DemoError::RepeatedParameter { name });
            }
            given.push((name, value.into_owned()));
        }
        Ok(Self(given))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    /// # Errors
    ///
    /// `NoNumber` if the value is not a number, or outside `range`.
    pub(super) fn number(
        &self,
        name: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, DemoError> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        match value.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(DemoError::NoNumber {
                name,
                low: *range.start(),
                high: *range.end(),
                value: value.into(),
            }),
        }
    }

    /// # Errors
    ///
    /// `NoTime` if the value is not a time.
    pub(super) fn time(&self, name: &'static str) -> Result<Option<Timestamp>, DemoError> {
        let Some(value) = self.text(name) else {
            return Ok(None);
        };
        let time = value.parse().map_err(|_| DemoError::NoTime {
            name,
            value: value.into(),
        })?;
        Ok(Some(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Parameters, DemoError> {
        Parameters::read(Some(query), &["limit", "since"])
    }

    #[test]
    fn missing_parameters_have_no_value() {
        let none = Parameters::read(None, &["limit"]).unwrap();
        assert_eq!(none.number("limit", 1..=9).unwrap(), None);
        assert_eq!(none.time("since").unwrap(), None);
    }

    #[test]
    fn values_are_decoded() {
        let given = read("since=2024-01-01T00%3A00%3A00Z&limit=7&api_token=a%26b+c").unwrap();
        assert_eq!(
            given.time("since").unwrap(),
            Some("2024-01-01T00:00:00Z".parse().unwrap())
        );
        assert_eq!(given.number("limit", 1..=9).unwrap(), Some(7));
        assert_eq!(given.text(TOKEN), Some("a&b c"));
    }

    #[test]
    fn unknown_and_repeated_parameters_are_refused_by_name() {
        assert!(
            read("page=1")
                .unwrap_err()
                .to_string()
                .contains("\"page\" here; the parameters are: limit, since")
        );
        assert!(
            read("limit=1&limit=1")
                .unwrap_err()
                .to_string()
                .contains("limit is given twice")
        );
    }

    #[test]
    fn values_of_another_kind_are_refused() {
        for value in ["", "0", "10", "-1", "1.5", "seven", "99999999999999999999"] {
            let given = read(&format!("limit={value}")).unwrap();
            assert!(given.number("limit", 1..=9).is_err(), "{value}");
        }
        for value in ["", "yesterday", "2024-01-01", "1704067200"] {
            let given = read(&format!("since={value}")).unwrap();
            assert!(given.time("since").is_err(), "{value}");
        }
    }
}
