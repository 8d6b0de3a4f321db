//! What a caller can tell of a connector's rows and states while they pass by.
//!
//! Here belong warnings about what Weld would not stop at; what breaks the protocol is an error of the client. A row's top
//! level is walked once and no tree is built, so that the checks cost little beside what brings and stores the rows.

mod columns;
mod growth;
mod keys;
mod row;
mod warning;

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use weld_protocol::Table;

use columns::Columns;
use growth::Growth;
use keys::{KeyReports, PageKeys};
pub use warning::{ValueKind, Warning, WarningKind};

/// The checks of one table in one run.
#[derive(Debug)]
pub(crate) struct Checks {
    table: String,
    columns: Columns,
    /// In the table, not in a page.
    key_columns: Vec<String>,
    key_reports: KeyReports,
    growth: Growth,
    /// Whether the run began at the table's beginning: only then a field can be missed.
    whole: bool,
    any_row: bool,
    /// What is told with the next page.
    before: Vec<WarningKind>,
}

impl Checks {
    pub(crate) fn new(table: &Table, whole: bool) -> Self {
        Self {
            table: table.name.clone(),
            columns: Columns::new(table),
            key_columns: table.primary_key.clone(),
            key_reports: KeyReports::new(table.primary_key.len()),
            growth: Growth::default(),
            whole,
            any_row: false,
            before: Vec::new(),
        }
    }

    /// Takes in what earlier syncs showed of the columns.
    pub(crate) fn remember(&mut self, kinds: &BTreeMap<String, ValueKind>) {
        self.columns.remember(kinds);
    }

    /// The first kind of each column, if one of them is news since this was asked.
    pub(crate) fn new_kinds(&mut self) -> Option<BTreeMap<String, ValueKind>> {
        self.columns.new_kinds()
    }

    /// Tells with the next page that these variables changed.
    pub(crate) fn variables_changed(&mut self, names: Vec<String>) {
        if !names.is_empty() {
            self.before.push(WarningKind::VariablesChanged { names });
        }
    }

    /// Looks at a page. `last` says that no more are to come.
    pub(crate) fn page(
        &mut self,
        number: u64,
        rows: &[Box<RawValue>],
        state: &RawValue,
        last: bool,
    ) -> Vec<Warning> {
        let mut kinds = std::mem::take(&mut self.before);
        let mut keys = PageKeys::new(&self.key_columns, rows.len());
        for (index, row) in rows.iter().enumerate() {
            let row_number = index.saturating_add(1);
            keys.begin();
            row::each_member(row, |position, name, value| {
                let seen = self.columns.see(position, name, value);
                if let Some(kind) = seen.warning(row_number) {
                    kinds.push(kind);
                }
                if let Some(key_position) = seen.key {
                    keys.set(key_position, value);
                }
            });
            keys.end(row_number, &mut self.key_reports, &mut kinds);
        }
        self.any_row |= !rows.is_empty();
        kinds.extend(self.growth.see(state.get().len()));
        if last && self.whole && self.any_row {
            kinds.extend(self.columns.never_came());
        }
        kinds
            .into_iter()
            .map(|kind| Warning {
                table: self.table.clone(),
                page: number,
                kind,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
