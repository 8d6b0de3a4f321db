//! The first rows of each table, as a table on the screen.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::lock::Mutex;
use crate::report;

/// The longest value that is shown, in characters.
const MAX_VALUE: usize = 32;

/// The width if there is no terminal, in characters.
const WIDTH: usize = 120;

/// The first rows of each table that were committed. Clones share them.
#[derive(Clone)]
pub(super) struct Preview {
    rows: usize,
    tables: Arc<Mutex<Vec<FirstRows>>>,
}

/// The first rows of a table, and how many there were.
struct FirstRows {
    table: String,
    first: Vec<RowCells>,
    rows: u64,
}

impl Preview {
    /// Keeps this many rows of each table.
    pub(super) fn of(rows: usize) -> Self {
        Self {
            rows,
            tables: Arc::default(),
        }
    }

    /// A function that takes the rows of a page.
    pub(super) fn observer(&self) -> impl FnMut(&str, &[Box<RawValue>]) + Send + 'static {
        let preview = self.clone();
        move |table, rows| preview.add(table, rows)
    }

    fn add(&self, table: &str, rows: &[Box<RawValue>]) {
        let mut tables = self.tables.lock();
        if tables.last().is_none_or(|last| last.table != table) {
            tables.push(FirstRows {
                table: table.to_owned(),
                first: Vec::new(),
                rows: 0,
            });
        }
        let Some(last) = tables.last_mut() else {
            return;
        };
        last.rows = last.rows.saturating_add(rows.len() as u64);
        let more = self.rows.saturating_sub(last.first.len());
        let cells = rows.iter().take(more);
        // A row that is not an object has been refused before.
        let cells = cells.filter_map(|row| serde_json::from_str(row.get()).ok());
        last.first.extend(cells);
    }

    /// The lines of all tables that have rows, at most as wide as the screen.
    pub(super) fn lines(&self, width: Option<usize>) -> Vec<String> {
        let tables = self.tables.lock();
        let shown = tables.iter().filter(|table| !table.first.is_empty());
        shown
            .flat_map(|table| table.lines(width.unwrap_or(WIDTH)))
            .collect()
    }
}

impl FirstRows {
    fn lines(&self, width: usize) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        for (name, _) in self.first.iter().flat_map(|row| &row.0) {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        let mut lines = vec![String::new(); self.first.len() + 1];
        let mut shown = 0;
        for column in &columns {
            let head = std::iter::once(shortened(&report::escaped(column)));
            let values = self.first.iter().map(|row| row.value(column));
            let cells: Vec<String> = head.chain(values).collect();
            let widest = cells.iter().map(|cell| cell.chars().count()).max();
            let widest = widest.unwrap_or_default();
            let used = lines.iter().map(|line| line.chars().count()).max();
            if shown > 0 && used.unwrap_or_default() + 2 + widest > width {
                break;
            }
            for (line, cell) in lines.iter_mut().zip(cells) {
                line.push_str("  ");
                line.push_str(&cell);
                line.extend(std::iter::repeat_n(' ', widest - cell.chars().count()));
            }
            shown += 1;
        }
        let (table, rows, first) = (report::escaped(&self.table), self.rows, self.first.len());
        let title = match rows {
            1 => format!("{table}: 1 row"),
            _ if rows == first as u64 => format!("{table}: {rows} rows"),
            _ => format!("{table}: {rows} rows; the first {first}:"),
        };
        let mut all = vec![String::new(), title];
        all.extend(lines.iter().map(|line| line.trim_end().to_owned()));
        if shown < columns.len() {
            let more: Vec<String> = columns
                .iter()
                .skip(shown)
                .map(|name| report::escaped(name))
                .collect();
            let names = report::shortened(&more.join(", "), width.saturating_sub(20));
            all.push(format!("  and {} more: {names}", more.len()));
        }
        all
    }
}

/// The members of a row, in its order.
struct RowCells(Vec<(String, String)>);

impl RowCells {
    fn value(&self, column: &str) -> String {
        let found = self.0.iter().find(|(name, _)| name == column);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for RowCells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = RowCells;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RowCells, A::Error> {
        // The last member of a name counts, at the place of the first.
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut cells: Vec<(String, String)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            let text = cell(&value);
            match places.get(&name).and_then(|place| cells.get_mut(*place)) {
                Some((_, known)) => *known = text,
                None => {
                    places.insert(name.clone(), cells.len());
                    cells.push((name, text));
                }
            }
        }
        Ok(RowCells(cells))
    }
}

/// A value as text: a string without its quotes, anything else as JSON on one line.
fn cell(value: &RawValue) -> String {
    let text = serde_json::from_str::<String>(value.get());
    let text = text.unwrap_or_else(|_| value.get().to_owned());
    shortened(&report::escaped(&text))
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MAX_VALUE {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(MAX_VALUE - 1).collect();
    format!("{beginning}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: &[&str]) -> Vec<Box<RawValue>> {
        let raw = |text: &&str| RawValue::from_string((*text).to_owned()).unwrap();
        texts.iter().map(raw).collect()
    }

    #[test]
    fn first_rows_are_a_table_in_the_order_of_their_members() {
        let preview = Preview::of(2);
        let mut observer = preview.observer();
        observer("empty", &[]);
        observer(
            "deals",
            &rows(&[r#"{"name":"a\nb","id":12345678901234567890.10}"#]),
        );
        observer(
            "deals",
            &rows(&[r#"{"id":2,"more":{"x": [1]},"name":null}"#, "{}"]),
        );
        observer("one", &rows(&[r#"{"id":1,"id":2}"#]));
        assert_eq!(
            preview.lines(Some(80)),
            [
                "",
                "deals: 3 rows; the first 2:",
                "  name     id                       more",
                "  a\\u{a}b  12345678901234567890.10",
                "  null     2                        {\"x\": [1]}",
                "",
                "one: 1 row",
                "  id",
                "  2",
            ]
        );
    }

    #[test]
    fn long_values_and_wide_tables_are_cut() {
        let preview = Preview::of(1);
        let long = format!(r#"{{"id":"{}","second":1,"third":2}}"#, "é".repeat(50));
        preview.observer()("deals", &rows(&[&long]));
        let lines = preview.lines(Some(40));
        assert_eq!(lines[2], "  id");
        assert_eq!(lines[3], format!("  {}…", "é".repeat(31)));
        assert_eq!(lines[4], "  and 2 more: second, third");
        assert!(preview.lines(Some(60))[2].contains("third"));
    }

    #[test]
    fn no_rows_are_kept_if_none_are_asked_for() {
        let preview = Preview::of(0);
        preview.observer()("deals", &rows(&["{}"]));
        assert!(preview.lines(None).is_empty());
    }
}
