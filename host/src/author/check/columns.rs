//! Finds the columns of rows that the schema doesn't declare.

use std::collections::{BTreeMap, HashSet};

use serde_json::value::RawValue;
use weld_protocol::Table;

use super::code::FindingCode;
use super::finding::Finding;
use super::times;
use super::types::DeclaredType;
use crate::report;

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
        if self.declared.is_empty() && self.found.len() > 1 {
            findings.push(self.all_undeclared());
        } else {
            for (name, seen) in self.found.iter().take(NAMED_COLUMNS) {
                let near = missing
                    .iter()
                    .position(|(field, _)| is_similar(field, name));
                let field = near.map(|index| missing.swap_remove(index).0);
                findings.push(undeclared(name, *seen, field.as_deref()));
            }
            let more = self.found.len().saturating_sub(NAMED_COLUMNS);
            if more > 0 {
                let message = format!(
                    "the rows have {more} more columns that the schema doesn't declare; Weld loads them as text"
                );
                let fix = "declare them, or return names that change from row to row, such as ids, as values instead";
                let found = Finding::new(FindingCode::UndeclaredColumn, message).with_fix(fix);
                findings.push(found);
            }
        }
        findings.extend(missing.into_iter().map(|(_, finding)| finding));
        let name = &self.table.name;
        let placed = findings.into_iter().map(|finding| finding.in_table(name));
        placed.collect()
    }

    /// The finding for a table that declares no field.
    fn all_undeclared(&self) -> Finding {
        let shown: Vec<_> = self.found.iter().take(NAMED_COLUMNS).collect();
        let names = shown
            .iter()
            .map(|(name, _)| format!("`{}`", shown_name(name)));
        let more = self.found.len().saturating_sub(shown.len());
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "the schema declares no column; Weld loads all as text: {}{more}",
            names.collect::<Vec<_>>().join(", ")
        );
        let fields = shown.iter().map(|(name, seen)| field(name, **seen));
        let fix = format!(
            "add them to the fields of the table: {}",
            fields.collect::<Vec<_>>().join(", ")
        );
        Finding::new(FindingCode::UndeclaredColumn, message).with_fix(fix)
    }
}

fn undeclared(name: &str, seen: Option<DeclaredType>, missing: Option<&str>) -> Finding {
    let shown = shown_name(name);
    if let Some(missing) = missing {
        let missing = shown_name(missing);
        let message = format!(
            "the rows have `{shown}`, which the schema doesn't declare; it declares `{missing}`, which no row has"
        );
        let fix = "use the same name in both places";
        return Finding::new(FindingCode::UndeclaredColumn, message).with_fix(fix);
    }
    let message = format!("the schema doesn't declare the column `{shown}`; Weld loads it as text");
    let fix = format!("add it to the fields of the table: {}", field(name, seen));
    Finding::new(FindingCode::UndeclaredColumn, message).with_fix(fix)
}

/// A declaration in the form that the kits' are similar to.
fn field(name: &str, seen: Option<DeclaredType>) -> String {
    let declared = seen.unwrap_or(DeclaredType::String).name();
    format!("Field(\"{}\", {declared:?})", shown_name(name))
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
