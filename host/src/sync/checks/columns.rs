//! Checks the columns of a table as its rows arrive.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use weld_protocol::Table;

use super::warning::{ValueKind, WarningKind};

/// More columns than any warehouse accepts. Further ones are ignored, so that malicious rows can't fill the memory.
const MAX_COLUMNS: usize = 20_000;

/// The known columns of a table.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<ColumnRecord>,
    /// The columns by name.
    known: HashMap<String, usize>,
    /// The columns by name as written in a row, quoted and escaped.
    spellings: HashMap<Arc<str>, usize>,
    /// The spelling and the column at each position of the rows. The rows of a table mostly have the same order, and a
    /// comparison is faster than a hash.
    order: Vec<(Arc<str>, usize)>,
    /// Whether a column's first kind is new since the last call of `new_kinds`.
    has_new_kinds: bool,
}

#[derive(Debug)]
struct ColumnRecord {
    name: String,
    /// The column's place in the primary key.
    key: Option<usize>,
    /// Whether the table's rows should have it.
    expected: bool,
    was_seen: bool,
    kind: Option<ValueKind>,
    reported: bool,
}

/// The result of checking a value.
#[derive(Debug, Default)]
pub(super) struct Observation<'a> {
    /// The column's place in the primary key.
    pub(super) key: Option<usize>,
    /// The column's name, its earlier kind and the new one, if this change was not reported yet.
    changed: Option<(&'a str, ValueKind, ValueKind)>,
}

impl Observation<'_> {
    pub(super) fn warning(&self, row: usize) -> Option<WarningKind> {
        self.changed
            .map(|(column, before, found)| WarningKind::KindChanged {
                column: column.to_owned(),
                before,
                found,
                row,
            })
    }
}

impl Columns {
    pub(super) fn new(table: &Table) -> Self {
        let mut columns = Self {
            columns: Vec::new(),
            known: HashMap::new(),
            spellings: HashMap::new(),
            order: Vec::new(),
            has_new_kinds: false,
        };
        for field in &table.fields {
            let index = columns.index(&field.name);
            if let Some(column) = columns.columns.get_mut(index) {
                // A field with a default may be missing in all rows.
                column.expected = field.default.is_none();
            }
        }
        for (place, name) in table.primary_key.iter().enumerate() {
            let index = columns.index(name);
            if let Some(column) = columns.columns.get_mut(index) {
                column.key = Some(place);
            }
        }
        columns
    }

    /// Checks a value at its position in a row.
    pub(super) fn observe(
        &mut self,
        position: usize,
        spelled: &str,
        value: &str,
    ) -> Observation<'_> {
        let index = match self.order.get(position) {
            Some((expected, index)) if **expected == *spelled => *index,
            _ => match self.find(position, spelled) {
                Some(index) => index,
                None => return Observation::default(),
            },
        };
        let Some(column) = self.columns.get_mut(index) else {
            return Observation::default();
        };
        let mut seen = Observation {
            key: column.key,
            changed: None,
        };
        match (column.kind, ValueKind::of(value)) {
            (None, None) => {}
            (None, found) => {
                column.kind = found;
                self.has_new_kinds = true;
            }
            (Some(before), Some(found)) if before != found && !column.reported => {
                column.reported = true;
                seen.changed = Some((&column.name, before, found));
            }
            _ => {}
        }
        seen
    }

    /// Sets the kinds that columns had in earlier syncs.
    pub(super) fn remember(&mut self, kinds: &BTreeMap<String, ValueKind>) {
        for (name, kind) in kinds.iter().take(MAX_COLUMNS) {
            let index = self.index(name);
            if let Some(column) = self.columns.get_mut(index) {
                column.kind = Some(*kind);
            }
        }
    }

    /// The first kind of each column; `None` if none of them is new since the last call.
    pub(super) fn new_kinds(&mut self) -> Option<BTreeMap<String, ValueKind>> {
        let kinds = || {
            let columns = self.columns.iter();
            columns.filter_map(|column| Some((column.name.clone(), column.kind?)))
        };
        let kinds_now = self.has_new_kinds.then(|| kinds().collect());
        self.has_new_kinds = false;
        kinds_now
    }

    /// The declared fields that are missing in all rows.
    pub(super) fn missing_fields(&self) -> impl Iterator<Item = WarningKind> {
        self.columns
            .iter()
            .filter(|column| column.expected && !column.was_seen)
            .map(|column| WarningKind::FieldNeverCame {
                field: column.name.clone(),
            })
    }

    /// Finds the column of a name at a new position; `None` if there are too many columns.
    fn find(&mut self, position: usize, spelled: &str) -> Option<usize> {
        let (spelled, index) = match self.spellings.get_key_value(spelled) {
            Some((spelled, index)) => (Arc::clone(spelled), *index),
            _ if self.spellings.len() >= MAX_COLUMNS => return None,
            None => {
                // A name with half of a surrogate pair can't be declared, so it keeps its spelling.
                let name =
                    serde_json::from_str::<String>(spelled).unwrap_or_else(|_| spelled.to_owned());
                let index = self.index(&name);
                let spelled = Arc::<str>::from(spelled);
                self.spellings.insert(Arc::clone(&spelled), index);
                (spelled, index)
            }
        };
        if let Some(column) = self.columns.get_mut(index) {
            column.was_seen = true;
        }
        if let Some(entry) = self.order.get_mut(position) {
            *entry = (spelled, index);
        } else if position == self.order.len() {
            self.order.push((spelled, index));
        }
        Some(index)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    /// The index of the column with this name, which is added if it is new.
    fn index(&mut self, name: &str) -> usize {
        if let Some(index) = self.known.get(name) {
            return *index;
        }
        let index = self.columns.len();
        self.columns.push(ColumnRecord {
            name: name.to_owned(),
            key: None,
            expected: false,
            was_seen: false,
            kind: None,
            reported: false,
        });
        self.known.insert(name.to_owned(), index);
        index
    }
}
