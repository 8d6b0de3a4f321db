//! Errors as people read them: the message and every cause behind it. A leaf, usable by all rooms.

/// An error and its causes on one line, outermost first, as log fields and answers carry them.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
