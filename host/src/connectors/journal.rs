//! What a connector's calls have led to so far, for the operator: the last page of each table, and the last failure.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::lock::Mutex;
use crate::report;

/// How many tables are remembered by name. The pages of further ones are only counted: a connector may answer for any
/// name that a client makes up.
const MAX_TABLES: usize = 100;

/// How much of a table's name is remembered. A longer name counts as one of the further tables.
const MAX_NAME_BYTES: usize = 100;

/// How much of a failure's message is remembered.
const MAX_MESSAGE_BYTES: usize = 2 << 10;

/// The results of a connector's calls. All its versions share one journal.
#[derive(Debug, Default)]
pub(crate) struct CallJournal(Mutex<JournalPages>);

#[derive(Debug, Default)]
struct JournalPages {
    tables: BTreeMap<String, PageNote>,
    other_pages: u64,
    failure: Option<FailureNote>,
}

/// The last page of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageNote {
    /// When it was ready.
    pub(crate) at: Timestamp,
    /// Its number of rows.
    pub(crate) rows: u64,
    /// How long it took, from its request on.
    pub(crate) took: Duration,
}

/// The last call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailureNote {
    pub(crate) at: Timestamp,
    /// The table of the page; `None` for a schema.
    pub(crate) table: Option<String>,
    pub(crate) message: String,
}

/// A copy of a journal.
#[derive(Debug, Default)]
pub(crate) struct JournalCopy {
    /// At most [`MAX_TABLES`], by name.
    pub(crate) tables: BTreeMap<String, PageNote>,
    /// The number of pages of other tables.
    pub(crate) other_pages: u64,
    pub(crate) failure: Option<FailureNote>,
}

impl CallJournal {
    /// Records a page.
    pub(crate) fn note_page(&self, table: &str, note: PageNote) {
        let mut pages = self.0.lock();
        if let Some(known) = pages.tables.get_mut(table) {
            *known = note;
        } else if pages.tables.len() < MAX_TABLES && table.len() <= MAX_NAME_BYTES {
            pages.tables.insert(table.to_owned(), note);
        } else {
            pages.other_pages = pages.other_pages.saturating_add(1);
        }
    }

    /// Records that the page of a table, or the schema, failed now with this message.
    pub(crate) fn note_failure(&self, table: Option<&str>, message: &str) {
        let note = FailureNote {
            at: Timestamp::now(),
            table: table.map(|table| report::shortened(table, MAX_NAME_BYTES)),
            message: report::shortened(message, MAX_MESSAGE_BYTES),
        };
        let before = self.0.lock().failure.replace(note);
        drop(before);
    }

    /// A copy of all that it has.
    pub(crate) fn copy(&self) -> JournalCopy {
        let pages = self.0.lock();
        JournalCopy {
            tables: pages.tables.clone(),
            other_pages: pages.other_pages,
            failure: pages.failure.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(rows: u64) -> PageNote {
        PageNote {
            at: Timestamp::UNIX_EPOCH,
            rows,
            took: Duration::from_millis(7),
        }
    }

    #[test]
    fn last_page_of_each_table_is_remembered_up_to_a_bound() {
        let journal = CallJournal::default();
        for table in 0..1_000 {
            journal.note_page(&format!("table-{table}"), note(1));
        }
        journal.note_page("table-0", note(2));
        let copy = journal.copy();
        assert_eq!(copy.tables.len(), MAX_TABLES);
        assert_eq!(copy.tables["table-0"], note(2), "the newest");
        assert_eq!(copy.other_pages, 900);
    }

    #[test]
    fn long_names_and_messages_are_not_remembered_whole() {
        let journal = CallJournal::default();
        let name = "x".repeat(MAX_NAME_BYTES);
        journal.note_page(&name, note(1));
        journal.note_page(&format!("{name}x"), note(1));
        let copy = journal.copy();
        assert_eq!((copy.tables.len(), copy.other_pages), (1, 1));
        assert!(copy.failure.is_none());
        let long = "y".repeat(10 * MAX_MESSAGE_BYTES);
        journal.note_failure(Some(&long), &long);
        let failure = journal.copy().failure.unwrap();
        assert!(failure.message.len() < MAX_MESSAGE_BYTES + 10);
        assert!(failure.table.unwrap().len() < MAX_NAME_BYTES + 10);
    }
}
