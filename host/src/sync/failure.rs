//! How a sync fails: where, why, and what remains.

use std::fmt::{self, Display, Formatter};

use weld_protocol::ErrorKind;

use super::error::SyncError;
use crate::report;

/// How many tables that were not reached are named.
const NAMED_TABLES: usize = 5;

/// Why a sync ended early, with the place and what it leaves. All of it is in the message, on one line.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.message())]
pub struct SyncFailure {
    /// The path of the component, if this process serves the connector.
    pub component: Option<String>,
    /// The table; `None` before the first one.
    pub table: Option<String>,
    /// The page's number in this run, from 1; `None` if the failure is not about a page.
    pub page: Option<u64>,
    /// Whether the table continued from a stored state.
    pub resumed: bool,
    /// How many rows of the table this run stored before.
    pub rows: u64,
    /// The tables after this one, which the sync did not reach.
    pub unreached: Vec<String>,
    /// How the next sync continues.
    pub continuation: Continuation,
    /// What went wrong.
    pub cause: Box<SyncError>,
}

/// What a sync after an unfinished one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuation {
    /// It continues from the last complete page.
    SameCommand,
    /// The same, but the command had `--full`, which would start over.
    WithoutFull,
    /// It starts from the beginning, since the destination keeps no states.
    FromStart,
}

impl Continuation {
    /// For a sync with or without `--full`, into a destination that keeps states or not.
    #[must_use]
    pub fn of(full: bool, keeps_states: bool) -> Self {
        match (full, keeps_states) {
            (_, false) => Self::FromStart,
            (true, true) => Self::WithoutFull,
            (false, true) => Self::SameCommand,
        }
    }
}

impl Display for Continuation {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::SameCommand => "run the same command to continue",
            Self::WithoutFull => "run the same command without --full to continue",
            Self::FromStart => "the next sync starts from the beginning",
        })
    }
}

impl SyncFailure {
    fn message(&self) -> String {
        format!(
            "{}{}{}{}{}",
            self.place(),
            report::chain(&*self.cause),
            self.kept(),
            self.stored_state(),
            self.not_reached()
        )
    }

    /// The place, with a colon after it. Empty if the cause names the URL.
    fn place(&self) -> String {
        let component = self.component.as_deref().map(report::escaped);
        match (self.table.as_deref().map(report::escaped), self.page) {
            (Some(table), Some(page)) => format!("{table}, page {page}: "),
            (Some(table), None) => format!("{table}: "),
            (None, _) => match component {
                Some(component) if self.cause.is_of_request() => {
                    format!("{component}: the schema: ")
                }
                Some(component) => format!("{component}: "),
                None => String::new(),
            },
        }
    }

    /// Which rows are kept. Empty if there are none, and for an error of the destination, whose message says whether
    /// rows were lost.
    fn kept(&self) -> String {
        if self.rows == 0 || matches!(*self.cause, SyncError::Destination(_)) {
            return String::new();
        }
        let (rows, verb) = match self.rows {
            1 => ("1 row".to_owned(), "is"),
            rows => (format!("{rows} rows"), "are"),
        };
        match self.continuation {
            Continuation::SameCommand | Continuation::WithoutFull
                if matches!(*self.cause, SyncError::Stuck { .. }) =>
            {
                let advice = "the next sync stops here again unless the connector is fixed";
                format!("; {rows} {verb} kept; {advice}")
            }
            Continuation::SameCommand | Continuation::WithoutFull => {
                format!("; {rows} {verb} kept; {}", self.continuation)
            }
            Continuation::FromStart => {
                let verb = if self.rows == 1 { "was" } else { "were" };
                format!("; {rows} {verb} printed; {}", self.continuation)
            }
        }
    }

    /// What to do if the stored state is the cause: the API or the connector rejects the first request that has it.
    fn stored_state(&self) -> &'static str {
        let is_suspect = match &*self.cause {
            SyncError::Refused { kind, .. } => matches!(
                kind,
                Some(
                    ErrorKind::UpstreamFailed
                        | ErrorKind::ConnectorFailed
                        | ErrorKind::InvalidState
                )
            ),
            _ => false,
        };
        let is_first = self.page == Some(1) && self.rows == 0;
        if self.resumed && is_first && is_suspect && !self.cause.is_worth_another_try() {
            "; the page continued from the state of an earlier sync: if that is wrong, --full starts the table over"
        } else {
            ""
        }
    }

    fn not_reached(&self) -> String {
        if self.unreached.is_empty() {
            return String::new();
        }
        let named = self.unreached.iter().take(NAMED_TABLES);
        let named: Vec<_> = named.map(|table| report::escaped(table)).collect();
        let more = match self.unreached.len().saturating_sub(NAMED_TABLES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("; not reached: {}{more}", named.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::destinations::DestinationError;
    use super::super::names::ServerName;
    use super::*;

    fn refused(server: ServerName) -> Box<SyncError> {
        Box::new(SyncError::Refused {
            server,
            status: 500,
            kind: None,
            temporary: None,
            message: "no tap".to_owned(),
            retry_after: None,
        })
    }

    fn failure(cause: Box<SyncError>) -> SyncFailure {
        SyncFailure {
            component: Some("plugins/shop.wasm".to_owned()),
            table: Some("orders".to_owned()),
            page: Some(8),
            resumed: false,
            rows: 700,
            unreached: Vec::new(),
            continuation: Continuation::SameCommand,
            cause,
        }
    }

    #[test]
    fn a_stored_state_is_named_where_it_may_be_the_cause() {
        let refused = |kind: ErrorKind, temporary| {
            Box::new(SyncError::Refused {
                server: ServerName::Component,
                status: kind.status(),
                kind: Some(kind),
                temporary: Some(temporary),
                message: "no tap".to_owned(),
                retry_after: None,
            })
        };
        for (kind, temporary, page, resumed, expected) in [
            (ErrorKind::UpstreamFailed, false, 1, true, true),
            (ErrorKind::ConnectorFailed, false, 1, true, true),
            (ErrorKind::InvalidState, false, 1, true, true),
            (ErrorKind::UpstreamFailed, false, 1, false, false),
            (ErrorKind::UpstreamFailed, false, 2, true, false),
            (ErrorKind::UpstreamFailed, true, 1, true, false),
            (ErrorKind::Misconfigured, false, 1, true, false),
            (ErrorKind::UpstreamUnauthorized, false, 1, true, false),
        ] {
            let failure = SyncFailure {
                page: Some(page),
                rows: 0,
                resumed,
                ..failure(refused(kind, temporary))
            };
            let text = failure.to_string();
            let case = (kind, temporary, page, resumed);
            assert_eq!(
                text.contains("--full starts the table over"),
                expected,
                "{case:?}: {text}"
            );
        }
    }

    #[test]
    fn the_message_names_the_place_the_cause_and_what_remains() {
        let component = || failure(refused(ServerName::Component));
        let url = || SyncFailure {
            component: None,
            ..failure(refused(ServerName::Url("http://h/shop/".to_owned())))
        };
        let tables = |count: usize| (1..=count).map(|number| format!("t{number}")).collect();
        for (failure, expected) in [
            (
                component(),
                "orders, page 8: no tap; 700 rows are kept; run the same command to continue",
            ),
            (
                failure(Box::new(SyncError::Stuck { answers: 10 })),
                "orders, page 8: the table makes no progress: 10 pages in a row had the same state and no new rows; 700 rows \
                 are kept; the next sync stops here again unless the connector is fixed",
            ),
            (
                SyncFailure {
                    rows: 1,
                    unreached: tables(2),
                    ..component()
                },
                "orders, page 8: no tap; 1 row is kept; run the same command to continue; not reached: t1, t2",
            ),
            (
                SyncFailure {
                    rows: 0,
                    page: Some(1),
                    unreached: tables(7),
                    ..component()
                },
                "orders, page 1: no tap; not reached: t1, t2, t3, t4, t5 and 2 more",
            ),
            (
                SyncFailure {
                    continuation: Continuation::WithoutFull,
                    ..url()
                },
                "orders, page 8: http://h/shop/ answered 500: no tap; 700 rows are kept; run the same command without \
                 --full to continue",
            ),
            (
                SyncFailure {
                    continuation: Continuation::FromStart,
                    ..component()
                },
                "orders, page 8: no tap; 700 rows were printed; the next sync starts from the beginning",
            ),
            (
                SyncFailure {
                    table: None,
                    page: None,
                    rows: 0,
                    ..component()
                },
                "plugins/shop.wasm: the schema: no tap",
            ),
            (
                SyncFailure {
                    table: None,
                    page: None,
                    rows: 0,
                    ..url()
                },
                "http://h/shop/ answered 500: no tap",
            ),
            (
                SyncFailure {
                    table: None,
                    page: None,
                    rows: 0,
                    ..failure(Box::new(SyncError::NoTables))
                },
                "plugins/shop.wasm: the connector has no tables",
            ),
            (
                SyncFailure {
                    table: Some("a\nb".to_owned()),
                    page: None,
                    ..failure(Box::new(SyncError::Destination(Box::new(
                        DestinationError::ClosedPipe,
                    ))))
                },
                "a\\u{a}b: the reader of the rows closed the stream",
            ),
        ] {
            assert_eq!(failure.to_string(), expected);
        }
    }
}
