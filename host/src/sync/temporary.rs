//! Which failures may pass by themselves.

use weld_protocol::ErrorKind;

use super::names::ServerName;

/// Whether a failure of this kind may pass by itself. `told` is what the answer says about that; if it says nothing, the
/// kind decides.
pub(super) fn is_temporary(kind: ErrorKind, told: Option<bool>, server: &ServerName) -> bool {
    match (kind, server) {
        // Another host's memory may be in use by other connectors. In this process there is only this one.
        (ErrorKind::OutOfMemory, ServerName::Component) => false,
        _ => told.unwrap_or(kind.is_temporary()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_decides_or_else_its_kind() {
        let (here, there) = (
            ServerName::Component,
            ServerName::Url("http://h/".to_owned()),
        );
        for server in [&here, &there] {
            for kind in ErrorKind::ALL {
                let is_ours = kind == ErrorKind::OutOfMemory && *server == here;
                for told in [true, false] {
                    let expected = told && !is_ours;
                    assert_eq!(is_temporary(kind, Some(told), server), expected, "{kind}");
                }
                let expected = kind.is_temporary() && !is_ours;
                assert_eq!(is_temporary(kind, None, server), expected, "{kind}");
            }
        }
    }
}
