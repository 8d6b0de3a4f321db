//! The columns of a table, as its rows show them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use weld_protocol::Table;

use super::warning::{ValueKind, WarningKind};

/// More columns than any warehouse takes; the rest are not looked at, so that hostile rows can't fill the memory.
const MAX_COLUMNS: usize = 20_000;

/// What is known of a table's columns.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<ColumnRecord>,
    /// By name.
    known: HashMap<String, usize>,
    /// By name as it stands in a row, quoted and escaped.
    spellings: HashMap<Arc<str>, usize>,
    /// The spelling and column at each position of the rows: those of one table are mostly written in one order, and a
    /// comparison costs less than a hash.
    order: Vec<(Arc<str>, usize)>,
    /// Whether a column's first kind is news.
    has_news: bool,
}

#[derive(Debug)]
struct ColumnRecord {
    name: String,
    /// Its place in the primary key.
    key: Option<usize>,
    /// Whether rows must have it.
    expected: bool,
    came: bool,
    kind: Option<ValueKind>,
    reported: bool,
}

/// What a value shows.
#[derive(Debug, Default)]
pub(super) struct Observation<'a> {
    /// The column's place in the primary key.
    pub(super) key: Option<usize>,
    /// The column's name, its kind before and now, where that is news.
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
            has_news: false,
        };
        for field in &table.fields {
            let index = columns.index(&field.name);
            if let Some(column) = columns.columns.get_mut(index) {
                // A default is for rows that lack the field.
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

    /// Takes in a value of a row, at its position there.
    pub(super) fn see(&mut self, position: usize, spelled: &str, value: &str) -> Observation<'_> {
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
                self.has_news = true;
            }
            (Some(before), Some(found)) if before != found && !column.reported => {
                column.reported = true;
                seen.changed = Some((&column.name, before, found));
            }
            _ => {}
        }
        seen
    }

    /// Takes in the kinds that columns had in earlier syncs.
    pub(super) fn remember(&mut self, kinds: &BTreeMap<String, ValueKind>) {
        for (name, kind) in kinds.iter().take(MAX_COLUMNS) {
            let index = self.index(name);
            if let Some(column) = self.columns.get_mut(index) {
                column.kind = Some(*kind);
            }
        }
    }

    /// The first kind of each column, if one of them is news since this was asked.
    pub(super) fn new_kinds(&mut self) -> Option<BTreeMap<String, ValueKind>> {
        let kinds = || {
            let columns = self.columns.iter();
            columns.filter_map(|column| Some((column.name.clone(), column.kind?)))
        };
        let news = self.has_news.then(|| kinds().collect());
        self.has_news = false;
        news
    }

    /// The declared fields that no row had.
    pub(super) fn never_came(&self) -> impl Iterator<Item = WarningKind> {
        self.columns
            .iter()
            .filter(|column| column.expected && !column.came)
            .map(|column| WarningKind::FieldNeverCame {
                field: column.name.clone(),
            })
    }

    /// The column of a name that does not stand where it was last; none where there are too many.
    fn find(&mut self, position: usize, spelled: &str) -> Option<usize> {
        let (spelled, index) = match self.spellings.get_key_value(spelled) {
            Some((spelled, index)) => (Arc::clone(spelled), *index),
            None if self.spellings.len() >= MAX_COLUMNS => return None,
            None => {
                // Half of a surrogate pair is no name that could be declared: it stands for itself.
                let name =
                    serde_json::from_str::<String>(spelled).unwrap_or_else(|_| spelled.to_owned());
                let index = self.index(&name);
                let spelled = Arc::<str>::from(spelled);
                self.spellings.insert(Arc::clone(&spelled), index);
                (spelled, index)
            }
        };
        if let Some(column) = self.columns.get_mut(index) {
            column.came = true;
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

    /// The column of this name, made where it is new.
    fn index(&mut self, name: &str) -> usize {
        if let Some(index) = self.known.get(name) {
            return *index;
        }
        let index = self.columns.len();
        self.columns.push(ColumnRecord {
            name: name.to_owned(),
            key: None,
            expected: false,
            came: false,
            kind: None,
            reported: false,
        });
        self.known.insert(name.to_owned(), index);
        index
    }
}
