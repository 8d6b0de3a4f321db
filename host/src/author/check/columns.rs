//! Finds the columns of rows that the schema doesn't declare.

use std::collections::{BTreeMap, HashSet};

use serde_json::value::RawValue;
use weld_protocol::Table;

use super::code::FindingCode;
use super::finding::Finding;
use super::times;
use crate::report;
use crate::sync::DeclaredType;

/// How many bytes of a name are shown.
const SHOWN_BYTES: usize = 100;

/// How many columns of a table are named. Rows can have any number of them, for example if ids are used as names.
const NAMED_COLUMNS: usize = 20;

/// The columns of a table that only its rows have, as its pages arrive.
#[derive(Debug)]
pub(super) struct UndeclaredColumns<'a> {
    table: &'a Table,
    declared: HashSet<&'a str>,
    /// By name, with the type that fits all values so far; `None` if there were only nulls.
    found: BTreeMap<String, Option<DeclaredType>>,
}

impl<'a> UndeclaredColumns<'a> {
    pub(super) fn new(table: &'a Table) -> Self {
        Self {
            table,
            declared: table
                .fields
                .iter()
                .map(|field| field.name.as_str())
                .collect(),
            found: BTreeMap::new(),
        }
    }

    /// Adds the rows of a page.
    pub(super) fn add(&mut self, rows: &[Box<RawValue>]) {
        for row in rows {
            let Ok(row) = serde_json::from_str::<BTreeMap<String, &RawValue>>(row.get()) else {
                continue;
            };
            for (name, value) in row {
                if self.declared.contains(name.as_str()) {
                    continue;
                }
                let seen = type_of(value.get());
                let known = self.found.entry(name).or_insert(seen);
                *known = match (*known, seen) {
                    (Some(known), Some(seen)) => Some(wider(known, seen)),
                    (known, seen) => known.or(seen),
                };
            }
        }
    }

    /// The findings, together with those of `missing` declared fields that are in no row. A field that is missing under
    /// its declared name, and came under a similar one, is one finding.
    pub(super) fn findings(self, missing: Vec<(String, Finding)>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut missing = missing;
        let mut undeclared = Vec::new();
        for (name, seen) in &self.found {
            // No more are compared than are named, since a comparison takes time.
            let is_compared = undeclared.len() < NAMED_COLUMNS;
            let near = missing
                .iter()
                .position(|(field, _)| is_compared && is_similar(field, name));
            match near.map(|index| missing.swap_remove(index).0) {
                Some(field) => findings.push(misspelled(name, &field)),
                None => undeclared.push((name.as_str(), *seen)),
            }
        }
        findings.extend(self.undeclared(&undeclared));
        findings.extend(missing.into_iter().map(|(_, finding)| finding));
        let name = &self.table.name;
        let placed = findings.into_iter().map(|finding| finding.in_table(name));
        placed.collect()
    }

    /// The finding for columns that only the rows have.
    fn undeclared(&self, columns: &[(&str, Option<DeclaredType>)]) -> Option<Finding> {
        let shown: Vec<_> = columns.iter().take(NAMED_COLUMNS).collect();
        let names: Vec<_> = shown
            .iter()
            .map(|(name, _)| format!("`{}`", shown_name(name)))
            .collect();
        let names = names.join(", ");
        let message = match columns.len() {
            0 => return None,
            1 => {
                format!("the schema doesn't declare the column {names}; Weld loads it as text")
            }
            _ if self.declared.is_empty() => {
                format!(
                    "the schema declares no column; Weld loads all as text: {names}{}",
                    more(columns)
                )
            }
            _ => format!(
                "the schema doesn't declare the columns {names}{}; Weld loads them as text",
                more(columns)
            ),
        };
        let types: Vec<_> = shown
            .iter()
            .map(|(name, seen)| typed(name, *seen))
            .collect();
        let types = types.join(", ");
        let fix = match more(columns).as_str() {
            "" => format!("declare in the schema: {types}"),
            more => format!(
                "declare in the schema: {types}{more}; or return names that change from row to row, such as ids, as values \
                 instead"
            ),
        };
        Some(Finding::new(FindingCode::UndeclaredColumn, message).with_fix(fix))
    }
}

/// The number of columns that are not named, as the end of a list.
fn more(columns: &[(&str, Option<DeclaredType>)]) -> String {
    match columns.len().saturating_sub(NAMED_COLUMNS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

/// The finding for a column whose name is similar to that of a declared field that no row has.
fn misspelled(name: &str, missing: &str) -> Finding {
    let (shown, missing) = (shown_name(name), shown_name(missing));
    let message = format!(
        "the rows have `{shown}`, which the schema doesn't declare; it declares `{missing}`, which no row has"
    );
    let fix = "use the same name in both places";
    Finding::new(FindingCode::UndeclaredColumn, message).with_fix(fix)
}

/// A column with the type to declare, in the words of all languages.
fn typed(name: &str, seen: Option<DeclaredType>) -> String {
    let declared = seen.unwrap_or(DeclaredType::String).name();
    format!("`{}` as {declared:?}", shown_name(name))
}

fn shown_name(name: &str) -> String {
    report::shortened(&report::escaped(name), SHOWN_BYTES)
}

/// Whether at most a third of the letters differ. Much longer names are not compared, since a comparison takes memory for
/// each pair of letters.
fn is_similar(field: &str, name: &str) -> bool {
    let letters = field.len().max(name.len());
    letters <= SHOWN_BYTES && strsim::damerau_levenshtein(field, name) * 3 <= letters
}

/// The type to declare for a value; `None` for null.
fn type_of(json: &str) -> Option<DeclaredType> {
    Some(match json.as_bytes().first()? {
        b'n' => return None,
        b't' | b'f' => DeclaredType::Boolean,
        b'"' => {
            let is_time =
                serde_json::from_str::<String>(json).is_ok_and(|text| times::read(&text).is_some());
            if is_time {
                DeclaredType::Datetime
            } else {
                DeclaredType::String
            }
        }
        b'[' => DeclaredType::Array,
        b'{' => DeclaredType::Object,
        _ if json.parse::<i32>().is_ok() => DeclaredType::Int,
        _ if json.parse::<i64>().is_ok() => DeclaredType::Long,
        // More digits than a 64-bit integer has.
        _ if json
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_digit()) =>
        {
            DeclaredType::String
        }
        _ => DeclaredType::Double,
    })
}

/// A type for the values of both.
fn wider(one: DeclaredType, other: DeclaredType) -> DeclaredType {
    use DeclaredType::{Double, Int, Long, String};
    match (one, other) {
        _ if one == other => one,
        (Int, Long) | (Long, Int) => Long,
        (Double, Int | Long) | (Int | Long, Double) => Double,
        _ => String,
    }
}

#[cfg(test)]
mod tests;
