use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::config::{Ceilings, ConnectorConfig};

#[test]
fn every_case_has_its_own_table() {
    let tables: BTreeSet<_> = CASES.iter().map(|case| case.table).collect();
    assert_eq!(tables.len(), CASES.len());
}

#[test]
fn the_configuration_is_valid() {
    let text = config(([127, 0, 0, 1], 8080).into());
    ConnectorConfig::parse(&text, Path::new("conforms.toml"), &Ceilings::default())
        .map(drop)
        .expect("a valid configuration");
}

#[test]
fn the_document_describes_every_case() {
    let document = include_str!("../../../../docs/conformance.md");
    for case in &CASES {
        let line = format!("| `{}` | {} |", case.table, case.does);
        assert!(document.contains(&line), "{line}");
    }
}
