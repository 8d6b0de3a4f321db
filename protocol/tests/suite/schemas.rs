use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;
use weld_protocol::{Field, FieldType, Table, read_schema, write_schema};

use crate::texts::value;

/// Unique names of any characters.
fn names(length: std::ops::Range<usize>) -> impl Strategy<Value = BTreeSet<String>> {
    let name = vec(any::<char>(), 1..5).prop_map(|characters| characters.into_iter().collect());
    btree_set(name, length)
}

fn field(name: String) -> impl Strategy<Value = Field> {
    let field_type = prop_oneof![
        vec(any::<char>(), 0..5).prop_map(|name| FieldType::Named(name.into_iter().collect())),
        // A described string is another way to write a name.
        value()
            .prop_filter("a string", |text| !text.starts_with('"'))
            .prop_map(FieldType::Described),
    ];
    (field_type, option::of(value())).prop_map(move |(field_type, default)| Field {
        name: name.clone(),
        field_type,
        default,
    })
}

fn table(name: String) -> impl Strategy<Value = Table> {
    let fields =
        names(0..4).prop_flat_map(|names| names.into_iter().map(field).collect::<Vec<_>>());
    (names(0..3), fields).prop_map(move |(primary_key, fields)| Table {
        name: name.clone(),
        primary_key: primary_key.into_iter().collect(),
        fields,
    })
}

proptest! {
    #[test]
    fn a_written_schema_reads_back(
        tables in names(0..4)
            .prop_flat_map(|names| names.into_iter().map(table).collect::<Vec<_>>()),
    ) {
        let text = write_schema(&tables, u64::MAX).unwrap();
        prop_assert!(serde_json::from_str::<Value>(&text).is_ok(), "{}", text);
        prop_assert_eq!(read_schema(text.as_bytes()), Ok(tables));
    }
}
