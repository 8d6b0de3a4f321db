//! The request for a page: its table and the state to continue from.

use crate::json::{self, JsonKind, ShapeFault};
use crate::request_error::RequestError;
use crate::schema::MAX_NAME_BYTES;
use crate::state::IncomingState;

/// A request for one page of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The table's name: not empty and at most [`MAX_NAME_BYTES`] long. Only the connector knows whether the table
    /// exists.
    pub table: String,
    /// The state of the table's last page.
    pub state: IncomingState,
}

impl PageRequest {
    /// Reads a request's body: a JSON object with the table's `name` and its `state`. A `state` that is missing or
    /// `null` is an empty one. Other members are ignored; the last of several `name`s or `state`s counts.
    ///
    /// # Errors
    /// A [`RequestError`] if the body is not such an object.
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        let body = str::from_utf8(body).map_err(|error| RequestError::NotUtf8 {
            offset: error.valid_up_to(),
        })?;
        if json::trim(body).is_empty() {
            return Err(RequestError::Empty);
        }
        let [name, state] = json::pick(body, ["name", "state"]).map_err(|fault| match fault {
            ShapeFault::Syntax(error) => RequestError::NotJson(error),
            ShapeFault::Kind(found) => RequestError::NotAnObject { found },
        })?;
        let table = table(name.ok_or(RequestError::NoName)?.get())?;
        let state = state.map_or_else(
            || Ok(IncomingState::default()),
            |state| IncomingState::parse(state.get()),
        )?;
        Ok(Self { table, state })
    }
}

fn table(name: &str) -> Result<String, RequestError> {
    match JsonKind::of(name) {
        JsonKind::String => {}
        found => return Err(RequestError::NameNotAString { found }),
    }
    let table = json::unquote(name).ok_or(RequestError::NameNotUnicode)?;
    if table.is_empty() {
        Err(RequestError::EmptyName)
    } else if table.len() > MAX_NAME_BYTES {
        Err(RequestError::NameTooLong { bytes: table.len() })
    } else {
        Ok(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_request_is_read() {
        let cases = [
            (r#"{"name":"beers"}"#, "beers", "{}"),
            (r#"{"name":"beers","state":null}"#, "beers", "{}"),
            (r#"{"name":"beers","state":{}}"#, "beers", "{}"),
            (
                " {\n\"state\" : { \"page\" : 2 } , \"name\" : \"beers\" }\r\n",
                "beers",
                r#"{ "page" : 2 }"#,
            ),
            (
                r#"{"n\u0061me":"\u00e9","st\u0061te":{"a":1}}"#,
                "é",
                r#"{"a":1}"#,
            ),
            (
                r#"{"name":1,"name":"a","state":[],"state":{"x":0},"more":{"name":"b"}}"#,
                "a",
                r#"{"x":0}"#,
            ),
            (
                r#"{"name":"a","state":{"n":1234567890123456789012345.0e999999}}"#,
                "a",
                r#"{"n":1234567890123456789012345.0e999999}"#,
            ),
        ];
        for (body, table, state) in cases {
            let request = PageRequest::parse(body.as_bytes()).unwrap();
            assert_eq!(
                (request.table.as_str(), request.state.guest()),
                (table, state),
                "{body}"
            );
        }
    }

    #[test]
    fn names_of_more_than_a_kibibyte_are_refused() {
        let body = |name: String| format!(r#"{{"name":"{name}"}}"#);
        let fits = PageRequest::parse(body("x".repeat(MAX_NAME_BYTES)).as_bytes());
        assert_eq!(fits.unwrap().table.len(), MAX_NAME_BYTES);
        let long = PageRequest::parse(body("x".repeat(MAX_NAME_BYTES + 1)).as_bytes());
        assert_eq!(
            long.unwrap_err().to_string(),
            "\"name\" has 1025 bytes, the limit is 1024: send the name of a table"
        );
    }

    #[test]
    fn error_for_every_wrong_body_says_what_to_send() {
        let cases: [(&[u8], &str); 16] = [
            (
                b"",
                r#"the body is empty: send {"name": "TABLE", "state": {}}"#,
            ),
            (
                b" \n",
                r#"the body is empty: send {"name": "TABLE", "state": {}}"#,
            ),
            (
                b"{\"name\":\"\xff\"}",
                "the body is not UTF-8 at byte 9: send JSON text in UTF-8",
            ),
            (
                b"{\"name\":\n \"beers\"",
                "the body is not JSON, line 2, column 8: EOF while parsing an object: \
                send {\"name\": \"TABLE\", \"state\": {}}",
            ),
            (
                b"{\"name\":\"a\"} x",
                "the body is not JSON, line 1, column 14: trailing characters: \
                send {\"name\": \"TABLE\", \"state\": {}}",
            ),
            (
                b"name=beers",
                "the body is not JSON, line 1, column 2: expected ident: \
                send {\"name\": \"TABLE\", \"state\": {}}",
            ),
            (
                b"[]",
                r#"the body is an array: send {"name": "TABLE", "state": {}}"#,
            ),
            (
                b"null",
                r#"the body is null: send {"name": "TABLE", "state": {}}"#,
            ),
            (
                b"{}",
                r#"the body has no "name": send {"name": "TABLE", "state": {}}"#,
            ),
            (
                br#"{"name":null}"#,
                r#""name" is null: send the name of a table"#,
            ),
            (
                br#"{"name":["beers"]}"#,
                r#""name" is an array: send the name of a table"#,
            ),
            (
                br#"{"name":""}"#,
                r#""name" is empty: send the name of a table"#,
            ),
            (
                br#"{"name":"\ud800"}"#,
                r#""name" has an escape that is not a valid character: send the name of a table"#,
            ),
            (
                br#"{"name":"a","state":"{}"}"#,
                "\"state\" is a string: \
                send the unchanged state of the table's last page, or {} to start from the beginning",
            ),
            (
                br#"{"name":"a","state":false}"#,
                "\"state\" is a boolean: \
                send the unchanged state of the table's last page, or {} to start from the beginning",
            ),
            (
                br#"{"name":"a","state":{"weld-host":{}}}"#,
                "\"weld-host\" in the state is malformed, it has no \"not-before\": \
                send the unchanged state of the table's last page, or {} to start from the beginning",
            ),
        ];
        for (body, message) in cases {
            let error = PageRequest::parse(body).unwrap_err();
            assert_eq!(error.to_string(), message, "{}", body.escape_ascii());
        }
    }
}
