//! Writes the rows of a page into a table.

use std::collections::HashMap;
use std::fmt::{self, Formatter};

use rusqlite::{Connection, Statement};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::destination::Upserts;
use super::columns::{Layout, NewColumn};
use super::fault::SqliteFault;
use super::inserts::InsertCount;
use super::json::{member_name, read_value};
use super::keys::{self, KeyValue};
use super::names::{KEY_KINDS, quoted};
use super::tables::PreparedTable;
use super::value::SqlValue;

/// How many prepared statements are cached, one per set of columns.
const MAX_STATEMENTS: usize = 32;

/// Writes rows in their order, so that the later one of two rows with the same key wins. New columns are added to
/// `layout`.
///
/// A row with a null or missing key column is appended: neither SQL nor a reader can match it with another row.
///
/// Returns how many rows were new.
pub(super) fn write(
    connection: &Connection,
    PreparedTable { layout, defaults }: &mut PreparedTable,
    rows: &[Box<RawValue>],
) -> Result<Upserts, SqliteFault> {
    let count = InsertCount::begin(connection, layout);
    let mut reader = RowReader {
        defaults,
        ..RowReader::default()
    };
    let mut statements = HashMap::<Vec<usize>, Statement<'_>>::new();
    for (place, row) in rows.iter().enumerate() {
        if !reader.read(row, layout) {
            return Err(SqliteFault::Row {
                table: layout.table.clone(),
                row: place.saturating_add(1),
            });
        }
        reader.resolve(connection, layout)?;
        let key_kinds = reader.read_key(layout);
        if !key_kinds.is_empty() && !layout.has_key_kinds {
            // The statements were prepared for the key without this column.
            statements.clear();
            keys::add(connection, layout)?;
        }
        if !statements.contains_key(&reader.columns) {
            if statements.len() >= MAX_STATEMENTS {
                statements.clear();
            }
            let statement = connection.prepare(&insertion(layout, &reader.columns))?;
            statements.insert(reader.columns.clone(), statement);
        }
        if let Some(statement) = statements.get_mut(&reader.columns) {
            for (index, cell) in reader.cells.iter().enumerate() {
                let column = layout.columns().get(cell.column);
                let is_text = column.is_some_and(|column| column.is_text);
                let parameter = index.saturating_add(1);
                match reader.key_value(index) {
                    Some(value) => statement.raw_bind_parameter(parameter, value)?,
                    None => {
                        statement.raw_bind_parameter(parameter, read_value(cell.json, is_text))?
                    }
                }
            }
            if layout.has_key_kinds && !reader.cells.is_empty() {
                statement.raw_bind_parameter(reader.cells.len().saturating_add(1), &key_kinds)?;
            }
            statement.raw_execute()?;
        }
    }
    Ok(count.end(connection, layout, rows.len() as u64))
}

/// The statement that writes these columns. In an existing row, other columns keep their values.
fn insertion(layout: &Layout, columns: &[usize]) -> String {
    let table = quoted(&layout.sql_table);
    let columns: Vec<_> = columns
        .iter()
        .filter_map(|&place| layout.columns().get(place))
        .collect();
    if columns.is_empty() {
        return format!("INSERT INTO {table} DEFAULT VALUES");
    }
    let mut names: Vec<_> = columns
        .iter()
        .map(|column| quoted(&column.sql_name))
        .collect();
    if layout.has_key_kinds {
        names.push(quoted(KEY_KINDS));
    }
    let mut sql = format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        names.join(", "),
        vec!["?"; names.len()].join(", ")
    );
    if let Some(key) = layout.key_sql() {
        let updates: Vec<_> = columns
            .iter()
            .zip(&names)
            .filter(|(column, _)| !layout.key.contains(&column.name))
            .map(|(_, name)| format!("{name} = excluded.{name}"))
            .collect();
        let action = if updates.is_empty() {
            "NOTHING".to_owned()
        } else {
            format!("UPDATE SET {}", updates.join(", "))
        };
        sql = format!("{sql} ON CONFLICT ({key}) DO {action}");
    }
    sql
}

/// A value of a row.
#[derive(Debug, Clone, Copy)]
struct Cell<'a> {
    column: usize,
    json: &'a str,
}

/// Reads rows, one after the other.
#[derive(Debug, Default)]
struct RowReader<'a> {
    /// The row's values, sorted by column, at most one per column.
    cells: Vec<Cell<'a>>,
    /// The columns of `cells`, in the same order.
    columns: Vec<usize>,
    /// Values of the key that are stored differently, by their index in `cells`.
    key_values: Vec<(usize, SqlValue<'static>)>,
    /// The default values of fields, by column.
    defaults: &'a [(usize, Box<RawValue>)],
    /// Values of columns that the table doesn't have yet, by name.
    unknown: Vec<(String, &'a str)>,
    /// The names in the last row as spelled there, in order, with their columns. Most rows of a page have the same
    /// names in the same order, so this saves decoding and looking them up.
    expected: Vec<(&'a str, usize)>,
}

impl<'a> RowReader<'a> {
    /// Reads a row. Returns whether it is an object.
    fn read(&mut self, row: &'a RawValue, layout: &Layout) -> bool {
        self.cells.clear();
        self.unknown.clear();
        let mut deserializer = serde_json::Deserializer::from_str(row.get());
        deserializer
            .deserialize_map(RowVisitor {
                reader: self,
                layout,
            })
            .is_ok()
    }

    fn member(&mut self, position: usize, quoted: &'a str, json: &'a str, layout: &Layout) {
        if let Some(&(name, column)) = self.expected.get(position)
            && name == quoted
        {
            self.cells.push(Cell { column, json });
            return;
        }
        let name = member_name(quoted);
        match layout.place(&name) {
            Some(column) => {
                self.cells.push(Cell { column, json });
                // After an unknown name there is a gap, which the next row fills in.
                if let Some(expected) = self.expected.get_mut(position) {
                    *expected = (quoted, column);
                } else if self.expected.len() == position {
                    self.expected.push((quoted, column));
                }
            }
            None => self.unknown.push((name.into_owned(), json)),
        }
    }

    /// Reads the key's values in the row. Returns their kinds with a comma after each; empty for most keys, see
    /// [`KeyValue`].
    fn read_key(&mut self, layout: &Layout) -> String {
        self.key_values.clear();
        let mut kinds = String::new();
        for (part, name) in layout.key.iter().enumerate() {
            let place = layout.place(name);
            let column = place.and_then(|place| layout.columns().get(place));
            let is_text = column.is_some_and(|column| column.is_text);
            let cell = place.and_then(|place| {
                self.cells
                    .binary_search_by_key(&place, |cell| cell.column)
                    .ok()
            });
            let json = cell
                .and_then(|cell| self.cells.get(cell))
                .map(|cell| cell.json);
            let read = json.and_then(|json| KeyValue::read(json, is_text));
            let (kind, value) = read.map_or(("".into(), None), |read| (read.kind, read.value));
            self.key_values.extend(cell.zip(value));
            if kinds.is_empty() && !kind.is_empty() {
                kinds = ",".repeat(part);
            }
            if !kinds.is_empty() || !kind.is_empty() {
                kinds.push_str(&kind);
                kinds.push(',');
            }
        }
        kinds
    }

    /// The value to store for a cell instead of its own.
    fn key_value(&self, cell: usize) -> Option<&SqlValue<'static>> {
        let mut values = self.key_values.iter();
        values
            .find(|(place, _)| *place == cell)
            .map(|(_, value)| value)
    }

    /// Adds columns for the unknown names, and sorts the cells.
    fn resolve(&mut self, connection: &Connection, layout: &mut Layout) -> Result<(), SqliteFault> {
        if self.cells.is_empty() && self.unknown.is_empty() && layout.columns().is_empty() {
            // An empty row needs a table, and a table needs a column.
            self.unknown.push((String::new(), "null"));
        }
        if !self.unknown.is_empty() {
            let new = self.unknown.iter().map(|(name, _)| NewColumn {
                name: name.clone(),
                is_text: false,
            });
            layout.add(connection, new)?;
            for (name, json) in &self.unknown {
                self.cells
                    .extend(layout.place(name).map(|column| Cell { column, json }));
            }
        }
        if !self
            .cells
            .is_sorted_by(|one, next| one.column < next.column)
        {
            // If a row has a name twice, the last value counts, as for most JSON readers (RFC 8259, section 4).
            self.cells.reverse();
            self.cells.sort_by_key(|cell| cell.column);
            self.cells.dedup_by_key(|cell| cell.column);
        }
        for &(column, ref json) in self.defaults {
            let found = self.cells.binary_search_by_key(&column, |cell| cell.column);
            if let Err(place) = found {
                let json = json.get();
                self.cells.insert(place, Cell { column, json });
            }
        }
        self.columns.clear();
        self.columns
            .extend(self.cells.iter().map(|cell| cell.column));
        Ok(())
    }
}

struct RowVisitor<'r, 'a> {
    reader: &'r mut RowReader<'a>,
    layout: &'r Layout,
}

impl<'a> Visitor<'a> for RowVisitor<'_, 'a> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<(), A::Error> {
        let mut position = 0_usize;
        while let Some((name, value)) = members.next_entry::<&'a RawValue, &'a RawValue>()? {
            self.reader
                .member(position, name.get(), value.get(), self.layout);
            position = position.saturating_add(1);
        }
        Ok(())
    }
}
