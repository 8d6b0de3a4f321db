//! The variables by which a supervisor says what it offers and expects.

/// A variable of the process; `None` if it is missing, empty or not text.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
