//! How much of each table one sync reads.

use std::fmt::{self, Display, Formatter};
use std::num::NonZeroU64;

/// The limits of each table in one sync. Pages are kept whole, so a table may get more rows than its limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableLimits {
    /// The table stops after the page that reaches this number of rows.
    pub rows: Option<NonZeroU64>,
    /// The table stops after this number of pages.
    pub pages: Option<NonZeroU64>,
}

/// The limit at which a table stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReachedLimit {
    /// The number of rows.
    Rows(NonZeroU64),
    /// The number of pages.
    Pages(NonZeroU64),
}

impl TableLimits {
    /// The limit that is reached after so many rows and pages; `None` if the table may continue.
    pub(super) fn reached(self, rows: u64, pages: u64) -> Option<ReachedLimit> {
        let of_rows = self.rows.filter(|limit| rows >= limit.get());
        let of_pages = self.pages.filter(|limit| pages >= limit.get());
        of_rows
            .map(ReachedLimit::Rows)
            .or_else(|| of_pages.map(ReachedLimit::Pages))
    }
}

/// The flag with its value, such as `--limit 100`.
impl Display for ReachedLimit {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(limit) => write!(formatter, "--limit {limit}"),
            Self::Pages(limit) => write!(formatter, "--pages {limit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stops_at_whichever_limit_it_reaches_first() {
        let limits = |rows, pages| TableLimits {
            rows: NonZeroU64::new(rows),
            pages: NonZeroU64::new(pages),
        };
        let reached = |limits: TableLimits, rows, pages| {
            let reached = limits.reached(rows, pages);
            reached.map(|limit| limit.to_string())
        };
        for (limits, rows, pages, expected) in [
            (limits(0, 0), u64::MAX, u64::MAX, None),
            (limits(3, 0), 2, 9, None),
            (limits(3, 0), 3, 1, Some("--limit 3")),
            (limits(3, 0), 5, 1, Some("--limit 3")),
            (limits(0, 2), 99, 1, None),
            (limits(0, 2), 0, 2, Some("--pages 2")),
            (limits(3, 2), 1, 2, Some("--pages 2")),
            (limits(3, 2), 4, 1, Some("--limit 3")),
            (limits(u64::MAX, 0), u64::MAX - 1, 1, None),
        ] {
            let text = reached(limits, rows, pages);
            assert_eq!(text.as_deref(), expected, "{limits:?} {rows} {pages}");
        }
    }
}
