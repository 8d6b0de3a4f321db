//! The types that Weld's guide names, what each is for, and what to declare instead of other names.

use std::fmt::{self, Display, Formatter};

use serde_json::Value;
use weld_protocol::{Field, FieldType, Table};

use crate::report;

/// How many bytes of a name are shown.
const SHOWN_BYTES: usize = 60;

/// A type that a schema can declare for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeclaredType {
    String,
    Int,
    Long,
    Double,
    Boolean,
    /// A string with a date or a time.
    Datetime,
    Array,
    Object,
}

impl DeclaredType {
    pub(crate) const ALL: [Self; 8] = [
        Self::String,
        Self::Int,
        Self::Long,
        Self::Double,
        Self::Boolean,
        Self::Datetime,
        Self::Array,
        Self::Object,
    ];

    /// Weld's name of it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Long => "long",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Datetime => "datetime",
            Self::Array => "array",
            Self::Object => "object",
        }
    }

    /// The values that it is for.
    pub(crate) fn values(self) -> &'static str {
        match self {
            Self::String => "text, and numbers whose every digit counts",
            Self::Int => "whole numbers of 32 bits",
            Self::Long => "whole numbers of 64 bits",
            Self::Double => "numbers with a fraction",
            Self::Boolean => "true and false",
            Self::Datetime => "dates and times as text",
            Self::Array => "lists, stored as JSON text",
            Self::Object => "objects, stored as JSON text",
        }
    }

    /// The type of exactly this name.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The type of a field whose values can be checked, also if its name is written in capitals; `None` if the type is
    /// unknown or has several forms.
    pub(crate) fn of(field: &Field) -> Option<Self> {
        match &field.field_type {
            FieldType::Named(name) => Self::named(&name.to_ascii_lowercase()),
            FieldType::Described(json) => {
                let names = serde_json::from_str::<Vec<String>>(json).ok()?;
                let mut names = names.iter().filter(|name| *name != "null");
                let only = names.next().filter(|_| names.next().is_none())?;
                Self::named(&only.to_ascii_lowercase())
            }
        }
    }
}

/// What to declare instead of the names that other systems have for their types.
const INSTEAD: [(&str, DeclaredType); 38] = [
    ("date", DeclaredType::Datetime),
    ("timestamp", DeclaredType::Datetime),
    ("timestamptz", DeclaredType::Datetime),
    ("date-time", DeclaredType::Datetime),
    ("time", DeclaredType::String),
    ("decimal", DeclaredType::String),
    ("numeric", DeclaredType::String),
    ("bigdecimal", DeclaredType::String),
    ("money", DeclaredType::String),
    ("number", DeclaredType::Double),
    ("float", DeclaredType::Double),
    ("float32", DeclaredType::Double),
    ("float64", DeclaredType::Double),
    ("real", DeclaredType::Double),
    ("integer", DeclaredType::Int),
    ("int32", DeclaredType::Int),
    ("short", DeclaredType::Int),
    ("smallint", DeclaredType::Int),
    ("bigint", DeclaredType::Long),
    ("int64", DeclaredType::Long),
    ("bool", DeclaredType::Boolean),
    ("text", DeclaredType::String),
    ("str", DeclaredType::String),
    ("char", DeclaredType::String),
    ("varchar", DeclaredType::String),
    ("uuid", DeclaredType::String),
    ("enum", DeclaredType::String),
    ("bytes", DeclaredType::String),
    ("binary", DeclaredType::String),
    ("list", DeclaredType::Array),
    ("tuple", DeclaredType::Array),
    ("dict", DeclaredType::Object),
    ("map", DeclaredType::Object),
    ("json", DeclaredType::Object),
    ("jsonb", DeclaredType::Object),
    ("record", DeclaredType::Object),
    ("struct", DeclaredType::Object),
    ("variant", DeclaredType::Object),
];

/// A type of a field that is not one of Weld's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownType {
    /// The field, shortened.
    pub(crate) field: String,
    /// The type, shortened.
    pub(crate) name: String,
    /// The type that was probably meant.
    pub(crate) meant: Option<DeclaredType>,
}

impl UnknownType {
    /// The types of a table that are not Weld's.
    pub(crate) fn of(table: &Table) -> impl Iterator<Item = Self> {
        table.fields.iter().flat_map(|field| {
            let unknown = unknown_names(&field.field_type).into_iter();
            unknown.map(|name| Self {
                field: report::shortened(&field.name, SHOWN_BYTES),
                meant: meant_type(&name),
                name: report::shortened(&name, SHOWN_BYTES),
            })
        })
    }
}

impl Display for UnknownType {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { field, name, meant } = self;
        write!(
            formatter,
            "the field `{field}` has the unknown type {name:?}"
        )?;
        match meant {
            Some(meant) => write!(formatter, "; did you mean {:?}?", meant.name()),
            None => Ok(()),
        }
    }
}

/// The names in a type that are not Weld's. Parts of a described type that are not names are not judged.
fn unknown_names(field_type: &FieldType) -> Vec<String> {
    let names = match field_type {
        FieldType::Named(name) => vec![name.clone()],
        FieldType::Described(json) => match serde_json::from_str::<Value>(json) {
            Ok(Value::Array(parts)) => {
                let names = parts.into_iter().filter_map(|part| match part {
                    Value::String(name) => Some(name),
                    _ => None,
                });
                names.filter(|name| name != "null").collect()
            }
            Ok(Value::String(name)) => vec![name],
            _ => Vec::new(),
        },
    };
    let unknown = names
        .into_iter()
        .filter(|name| DeclaredType::named(name).is_none());
    unknown.collect()
}

/// The type that was probably meant.
pub(crate) fn meant_type(name: &str) -> Option<DeclaredType> {
    let name = name.to_ascii_lowercase();
    if let Some(known) = DeclaredType::named(&name) {
        return Some(known);
    }
    if let Some((_, known)) = INSTEAD.iter().find(|(other, _)| *other == name) {
        return Some(*known);
    }
    let known = DeclaredType::ALL.map(|known| (known.name(), known));
    let all = known.iter().chain(&INSTEAD);
    // Much longer names are not compared, since a comparison takes memory for each pair of letters.
    let near = all.filter(|(known, _)| name.len() <= 2 * known.len());
    let near =
        near.map(|(known, meant)| (strsim::damerau_levenshtein(known, &name), known, *meant));
    near.min_by_key(|(distance, ..)| *distance)
        .filter(|(distance, known, _)| distance * 3 <= known.len())
        .map(|(.., meant)| meant)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_that_belong_to_other_systems_are_not_welds() {
        let names: BTreeSet<_> = INSTEAD.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), INSTEAD.len());
        assert!(names.iter().all(|name| DeclaredType::named(name).is_none()));
    }
}
