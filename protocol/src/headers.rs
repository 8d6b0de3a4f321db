//! The protocol's headers, in addition to those of HTTP. Names are in lower case, as HTTP/2 and most libraries
//! require.

/// The request header that says what is requested, if the path doesn't (Weld's guide).
pub const MODE_HEADER: &str = "weld-mode";

/// The value of [`MODE_HEADER`] that requests the schema.
pub const SCHEMA_MODE: &str = "schema";

/// The header of an answer that takes the place of a page that isn't ready: it has no rows and returns the request's
/// own state. Its value is [`Pending::as_str`].
pub const PENDING_HEADER: &str = "weld-host-pending";

/// The header of such an answer with what the page waits for, for people, and until when if that is known: `pause
/// until 2030-01-02T03:04:05Z`. Absent if the reason is unknown or the page is being computed.
pub const WAITS_FOR_HEADER: &str = "weld-host-waits-for";

/// Why an answer isn't the page yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pending {
    /// The page's time has not come yet.
    Waiting,
    /// The page is being made.
    Running,
}

impl Pending {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::Waiting, Self::Running];

    /// The header's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
        }
    }

    /// Reads the header's value; `None` for any other text.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|pending| pending.as_str() == value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_reads_back() {
        assert_eq!(Pending::parse("waiting"), Some(Pending::Waiting));
        assert_eq!(Pending::parse("running"), Some(Pending::Running));
        assert_eq!(Pending::parse("Running"), None);
        assert_eq!(Pending::parse(""), None);
    }
}
