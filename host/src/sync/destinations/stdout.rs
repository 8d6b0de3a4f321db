//! Writes rows as lines of a stream.

use std::io::{self, Write};

use serde_json::value::RawValue;
use weld_protocol::Table;

use super::destination::{Destination, Upserts};
use super::error::DestinationError;
use super::line;

/// Writes a line with a JSON object per row, `{"table": NAME, "row": {…}}`, for another program. It stores no states,
/// so each sync starts from the beginning.
#[derive(Debug)]
pub struct Stdout<W> {
    writer: W,
    /// A buffer, so that each page is a single write.
    lines: Vec<u8>,
}

impl<W: Write + Send> Stdout<W> {
    /// A destination that writes to `writer` once per page and flushes it.
    pub fn new(writer: W) -> Self {
        Self {
            writer,
            lines: Vec::new(),
        }
    }
}

impl<W: Write + Send> Destination for Stdout<W> {
    fn prepare(&mut self, _: &Table) -> Result<Option<String>, DestinationError> {
        Ok(None)
    }

    fn clear(&mut self, _: &str) -> Result<(), DestinationError> {
        Ok(())
    }

    fn commit(
        &mut self,
        table: &str,
        rows: &[Box<RawValue>],
        _: &RawValue,
    ) -> Result<Option<Upserts>, DestinationError> {
        let name =
            serde_json::to_string(table).map_err(|error| DestinationError::Stream(error.into()))?;
        self.lines.clear();
        for (place, row) in rows.iter().enumerate() {
            self.lines.extend_from_slice(b"{\"table\": ");
            self.lines.extend_from_slice(name.as_bytes());
            self.lines.extend_from_slice(b", \"row\": ");
            line::push_row(&mut self.lines, table, place, row)?;
            self.lines.extend_from_slice(b"}\n");
        }
        self.writer
            .write_all(&self.lines)
            .and_then(|()| self.writer.flush())
            .map_err(|source| match source.kind() {
                io::ErrorKind::BrokenPipe => DestinationError::ClosedPipe,
                _ => DestinationError::Stream(source),
            })?;
        Ok(None)
    }

    fn keeps_states(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{raw, rows};
    use super::*;

    #[test]
    fn each_row_is_a_line_with_its_table() {
        let mut written = Vec::new();
        let mut stdout = Stdout::new(&mut written);
        let page = rows(&["{\"id\":\n1}", "{}"]);
        stdout.commit("be\"ers", &page, &raw("{}")).unwrap();
        stdout.commit("t", &page[1..], &raw("{}")).unwrap();
        let expected = "{\"table\": \"be\\\"ers\", \"row\": {\"id\":1}}\n\
                        {\"table\": \"be\\\"ers\", \"row\": {}}\n\
                        {\"table\": \"t\", \"row\": {}}\n";
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }

    #[test]
    fn a_page_with_a_row_that_is_not_an_object_is_not_written() {
        let mut written = Vec::new();
        let error = Stdout::new(&mut written)
            .commit("t", &rows(&["{}", "1"]), &raw("{}"))
            .unwrap_err();
        assert!(
            matches!(error, DestinationError::Row { row: 2, .. }),
            "{error:?}"
        );
        assert!(written.is_empty());
    }

    #[test]
    fn a_closed_pipe_is_distinguished_from_other_errors() {
        struct Failing(io::ErrorKind);
        impl Write for Failing {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let commit = |kind| Stdout::new(Failing(kind)).commit("t", &rows(&["{}"]), &raw("{}"));
        assert!(matches!(
            commit(io::ErrorKind::BrokenPipe),
            Err(DestinationError::ClosedPipe)
        ));
        assert!(matches!(
            commit(io::ErrorKind::TimedOut),
            Err(DestinationError::Stream(_))
        ));
    }
}
