//! Short forms for describing a table to Weld.

use crate::exports::weld::connector::source::{Field, FieldType, Table};

/// A table whose rows the column `key` identifies. Weld infers the columns that are not listed.
pub fn table(name: &str, key: &str, fields: Vec<Field>) -> Table {
    Table {
        name: name.into(),
        primary_key: vec![key.into()],
        fields,
    }
}

/// A column of one of Weld's types, such as "int".
pub fn field(name: &str, weld_type: &str) -> Field {
    Field {
        name: name.into(),
        type_: FieldType::Named(weld_type.into()),
        default: None,
    }
}

/// A column that the API also fills with `null`.
pub fn nullable(name: &str, weld_type: &str) -> Field {
    let described = format!(r#"["null", "{weld_type}"]"#);
    Field {
        name: name.into(),
        type_: FieldType::Described(described),
        default: None,
    }
}
