//! A destination that passes its rows to a function.

use serde_json::value::RawValue;
use weld_protocol::Table;

use super::destination::{Destination, Upserts};
use super::error::DestinationError;

/// Wraps another destination and calls a function with the rows of each page once they are committed.
#[derive(Debug)]
pub struct Observer<D, F> {
    destination: D,
    observe: F,
}

impl<D: Destination, F: FnMut(&str, &[Box<RawValue>]) + Send> Observer<D, F> {
    /// Commits to `destination`, then calls `observe` with the table's name and the rows.
    pub fn new(destination: D, observe: F) -> Self {
        Self {
            destination,
            observe,
        }
    }
}

impl<D: Destination, F: FnMut(&str, &[Box<RawValue>]) + Send> Destination for Observer<D, F> {
    fn prepare(&mut self, table: &Table) -> Result<Option<String>, DestinationError> {
        self.destination.prepare(table)
    }

    fn clear(&mut self, table: &str) -> Result<(), DestinationError> {
        self.destination.clear(table)
    }

    fn commit(
        &mut self,
        table: &str,
        rows: &[Box<RawValue>],
        state: &RawValue,
    ) -> Result<Option<Upserts>, DestinationError> {
        let upserts = self.destination.commit(table, rows, state)?;
        (self.observe)(table, rows);
        Ok(upserts)
    }

    fn keeps_states(&self) -> bool {
        self.destination.keeps_states()
    }

    fn notes(&mut self, table: &str) -> Result<Option<String>, DestinationError> {
        self.destination.notes(table)
    }

    fn set_notes(&mut self, table: &str, notes: String) {
        self.destination.set_notes(table, notes);
    }

    fn verify(&mut self) -> Result<(), DestinationError> {
        self.destination.verify()
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc;

    use super::super::fixtures::{raw, rows};
    use super::super::stdout::Stdout;
    use super::*;

    /// A stream without a reader.
    struct ClosedPipe;

    impl io::Write for ClosedPipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn rows_are_observed_once_they_are_committed() {
        let (sender, shown) = mpsc::channel();
        let observe = |table: &str, rows: &[Box<RawValue>]| {
            sender.send((table.to_owned(), rows.len())).unwrap();
        };
        let page = rows(&[r#"{"id": 1}"#, r#"{"id": 2}"#]);
        let mut broken = Observer::new(Stdout::new(ClosedPipe), observe);
        assert!(broken.commit("beers", &page, &raw("{}")).is_err());
        let mut whole = Observer::new(Stdout::new(Vec::new()), observe);
        whole.commit("beers", &page, &raw("{}")).unwrap();
        assert_eq!(
            shown.try_iter().collect::<Vec<_>>(),
            [("beers".to_owned(), 2)]
        );
    }
}
