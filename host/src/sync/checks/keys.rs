//! Checks the primary keys of a page.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::value::RawValue;
use weld_protocol::canonical_key;

use super::row;
use super::warning::WarningKind;
use crate::report::shortened;

/// How many bytes of a key are shown.
const SHOWN_BYTES: usize = 100;

/// How many of a row's names are compared with that of a missing column, and how long they may be: a comparison takes
/// time and memory for each pair of letters.
const COMPARED_NAMES: usize = 200;
const COMPARED_BYTES: usize = 100;

/// The keys of a page's rows, as JSON texts in a canonical spelling: `1` and `1.0` are equal.
#[derive(Debug)]
pub(super) struct PageKeys<'a> {
    columns: &'a [String],
    /// The current row's values, in the key's order.
    values: Vec<Option<&'a str>>,
    seen: HashSet<Cow<'a, str>>,
}

/// The warnings about a table's keys that were already reported.
#[derive(Debug)]
pub(super) struct KeyReports {
    missing: Vec<bool>,
    null: Vec<bool>,
    twice: bool,
}

impl KeyReports {
    pub(super) fn new(columns: usize) -> Self {
        Self {
            missing: vec![false; columns],
            null: vec![false; columns],
            twice: false,
        }
    }
}

impl<'a> PageKeys<'a> {
    pub(super) fn new(columns: &'a [String], rows: usize) -> Self {
        let capacity = if columns.is_empty() { 0 } else { rows };
        Self {
            columns,
            values: vec![None; columns.len()],
            seen: HashSet::with_capacity(capacity),
        }
    }

    pub(super) fn begin(&mut self) {
        self.values.fill(None);
    }

    /// Sets the value of the key's column at this place.
    pub(super) fn set(&mut self, place: usize, value: &'a str) {
        if let Some(slot) = self.values.get_mut(place) {
            *slot = Some(value);
        }
    }

    /// Checks the key of `members`, which is row number `row`, and returns it if it is whole.
    pub(super) fn end(
        &mut self,
        row: usize,
        members: &RawValue,
        reported: &mut KeyReports,
        kinds: &mut Vec<WarningKind>,
    ) -> Option<Cow<'a, str>> {
        if self.columns.is_empty() {
            return None;
        }
        let mut whole = true;
        for (place, (column, value)) in self.columns.iter().zip(&self.values).enumerate() {
            let reported = match value {
                None => reported.missing.get_mut(place),
                Some(value) if *value == "null" => reported.null.get_mut(place),
                Some(_) => continue,
            };
            whole = false;
            if let Some(reported) = reported
                && !std::mem::replace(reported, true)
            {
                let column = column.clone();
                kinds.push(match value {
                    None => WarningKind::KeyMissing {
                        near: similar_name(&column, members, self.columns),
                        column,
                        row,
                    },
                    Some(_) => WarningKind::KeyNull { column, row },
                });
            }
        }
        if !whole {
            return None;
        }
        let key = match self.values.as_slice() {
            [value] => canonical_key(value.unwrap_or_default()),
            // A comma separates the JSON texts, as in an array.
            values => {
                let texts: Vec<_> = values
                    .iter()
                    .flatten()
                    .map(|text| canonical_key(text))
                    .collect();
                Cow::Owned(texts.join(","))
            }
        };
        if !reported.twice
            && let Some(earlier) = self.seen.replace(key.clone())
        {
            reported.twice = true;
            kinds.push(WarningKind::KeyTwice {
                key: shortened(&earlier, SHOWN_BYTES),
                row,
            });
        }
        Some(key)
    }
}

/// The row's name that is probably meant by `column`, apart from the other names in `key`: at most a third of the letters
/// differ, in any case.
fn similar_name(column: &str, members: &RawValue, key: &[String]) -> Option<String> {
    let (meant, mut compared) = (column.to_lowercase(), 0_usize);
    let mut nearest: Option<(usize, String)> = None;
    row::each_member(members, |_, name, _| {
        compared = compared.saturating_add(1);
        if compared > COMPARED_NAMES || meant.len().max(name.len()) > COMPARED_BYTES {
            return;
        }
        let Ok(name) = serde_json::from_str::<String>(name) else {
            return;
        };
        let letters = meant.chars().count().max(name.chars().count());
        let distance = strsim::damerau_levenshtein(&meant, &name.to_lowercase());
        let is_similar = distance.saturating_mul(3) <= letters && !key.contains(&name);
        if is_similar && nearest.as_ref().is_none_or(|(least, _)| distance < *least) {
            nearest = Some((distance, name));
        }
    });
    nearest.map(|(_, name)| name)
}
