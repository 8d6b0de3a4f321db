//! The answer to a call that failed.

use crate::error::{ErrorAnswer, ErrorKind};
use crate::json;

/// Reads the body of an answer whose status says that the call failed. `None` if it isn't a body that
/// [`ErrorAnswer::write`] writes: then it comes from another server, or from a host with kinds that this crate does
/// not know.
pub fn read_error(body: &[u8]) -> Option<ErrorAnswer> {
    let [error] = json::pick(str::from_utf8(body).ok()?, ["error"]).ok()?;
    let members = ["kind", "temporary", "message", "connector", "request_id"];
    let [kind, temporary, message, connector, request_id] =
        json::pick(error?.get(), members).ok()?;
    Some(ErrorAnswer {
        kind: ErrorKind::parse(&json::unquote(kind?.get())?)?,
        temporary: temporary.and_then(|value| value.get().parse().ok()),
        message: json::unquote(message?.get())?,
        connector: connector.and_then(|name| json::unquote(name.get())),
        request_id: request_id.and_then(|id| json::unquote(id.get())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_of_the_protocol_are_read_as_such() {
        for temporary in [Some(true), Some(false), None] {
            let answer = ErrorAnswer {
                kind: ErrorKind::Busy,
                temporary,
                message: "try \"later\"".to_owned(),
                connector: Some("beers".to_owned()),
                request_id: None,
            };
            assert_eq!(read_error(answer.write().as_bytes()), Some(answer));
        }
        let odd = r#"{"error": {"kind": "busy", "temporary": "maybe", "message": ""}}"#;
        let odd = read_error(odd.as_bytes()).unwrap();
        assert_eq!((odd.kind, odd.temporary), (ErrorKind::Busy, None));
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"error": "x"}"#,
            r#"{"error": {"kind": "new", "message": ""}}"#,
        ] {
            assert_eq!(read_error(body.as_bytes()), None, "{body}");
        }
    }
}
