//! Checks rows and states while they are synced.
//!
//! The checks report problems at which Weld would not stop; violations of the protocol are errors of the client. They
//! visit the top level of a row once without building a tree, so they cost little compared with fetching and storing
//! the rows.

mod columns;
mod growth;
mod keys;
mod repeats;
mod row;
mod warning;

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use weld_protocol::Table;

use super::declared_type::UnknownType;
use columns::Columns;
use growth::Growth;
use keys::{KeyReports, PageKeys};
use repeats::Repeats;
pub use warning::{ValueKind, Warning, WarningKind};

/// How many fields of a table are reported for their types.
const MAX_UNKNOWN_TYPES: usize = 20;

/// The checks of a table in one run.
#[derive(Debug)]
pub(crate) struct Checks {
    table: String,
    columns: Columns,
    /// The columns of the primary key.
    key_columns: Vec<String>,
    key_reports: KeyReports,
    growth: Growth,
    repeats: Repeats,
    /// Whether the run started at the table's beginning. Only then can a field be reported as missing.
    whole: bool,
    any_row: bool,
    /// Warnings to report with the next page.
    pending: Vec<WarningKind>,
}

impl Checks {
    pub(crate) fn new(table: &Table, whole: bool) -> Self {
        Self {
            table: table.name.clone(),
            columns: Columns::new(table),
            key_columns: table.primary_key.clone(),
            key_reports: KeyReports::new(table.primary_key.len()),
            growth: Growth::default(),
            repeats: Repeats::default(),
            whole,
            any_row: false,
            pending: Vec::new(),
        }
    }

    /// Sets the kinds that columns had in earlier syncs.
    pub(crate) fn remember(&mut self, kinds: &BTreeMap<String, ValueKind>) {
        self.columns.remember(kinds);
    }

    /// The first kind of each column; `None` if none of them is new since the last call.
    pub(crate) fn new_kinds(&mut self) -> Option<BTreeMap<String, ValueKind>> {
        self.columns.new_kinds()
    }

    /// Reports with the next page that these variables have changed.
    pub(crate) fn variables_changed(&mut self, names: Vec<String>) {
        if !names.is_empty() {
            self.pending.push(WarningKind::VariablesChanged { names });
        }
    }

    /// Reports with the next page the types that are not Weld's.
    pub(crate) fn types_declared(&mut self, table: &Table) {
        let unknown = UnknownType::of(table).map(|unknown| unknown.to_string());
        self.pending.extend(
            unknown
                .take(MAX_UNKNOWN_TYPES)
                .map(WarningKind::UnknownType),
        );
    }

    /// Checks a page. `last` says that it is the table's last one.
    pub(crate) fn page(
        &mut self,
        number: u64,
        rows: &[Box<RawValue>],
        state: &RawValue,
        last: bool,
    ) -> Vec<Warning> {
        let mut kinds = std::mem::take(&mut self.pending);
        let mut keys = PageKeys::new(&self.key_columns, rows.len());
        for (index, row) in rows.iter().enumerate() {
            let row_number = index.saturating_add(1);
            keys.begin();
            row::each_member(row, |position, name, value| {
                let seen = self.columns.observe(position, name, value);
                if let Some(kind) = seen.warning(row_number) {
                    kinds.push(kind);
                }
                if let Some(key_position) = seen.key {
                    keys.set(key_position, value);
                }
            });
            let key = keys.end(row_number, row, &mut self.key_reports, &mut kinds);
            self.repeats.add_row(key.as_deref().unwrap_or(row.get()));
        }
        self.any_row |= !rows.is_empty();
        kinds.extend(self.repeats.end_page());
        kinds.extend(self.growth.add(state.get().len()));
        if last && self.whole && self.any_row {
            kinds.extend(self.columns.missing_fields());
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
