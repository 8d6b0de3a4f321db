//! `docs/findings.md` has every finding's code with its severity, and no others.

use std::collections::BTreeMap;

use serde_json::json;

use super::FindingCode;
use crate::samples::table_cells;

const PAGE: &str = include_str!("../../../../docs/findings.md");

/// All codes. A new one doesn't compile until it is in this list.
macro_rules! all_codes {
    ($($code:ident),* $(,)?) => {
        fn all_codes() -> Vec<FindingCode> {
            fn _is_listed(code: FindingCode) {
                match code {
                    $(FindingCode::$code)|* => {}
                }
            }
            vec![$(FindingCode::$code),*]
        }
    };
}

all_codes!(
    Unreadable,
    NotBuilt,
    NoComponent,
    NoContract,
    ContractVersion,
    UnknownImport,
    NotLoaded,
    BeyondPolicy,
    SchemaFailed,
    NoTables,
    NoPrimaryKey,
    OddName,
    SimilarNames,
    UnknownType,
    Misconfigured,
    Unauthorized,
    CallRefused,
    ApiUnreachable,
    PageFailed,
    PageNotReady,
    KeyMissing,
    KeyNull,
    KeyTwice,
    UndeclaredColumn,
    TypeMismatch,
    OddTime,
    KindChanged,
    FieldNeverCame,
    LargeInteger,
    NotRepeatable,
    StateStuck,
    ResumeFailed,
    ResumeRepeats,
);

/// The code and the severity, as the output has them.
fn printed(code: FindingCode) -> (String, String) {
    let text = |value: serde_json::Value| value.as_str().map(str::to_owned).expect("a string");
    (text(json!(code)), text(json!(code.severity())))
}

/// The first two cells of each row.
fn documented() -> BTreeMap<String, String> {
    let rows = table_cells(PAGE, "| code | severity |").into_iter();
    let cells = rows.map(|cells| (cells[0].trim_matches('`').to_owned(), cells[1].to_owned()));
    cells.collect()
}

#[test]
fn table_of_findings_has_every_code_with_its_severity() {
    let known: BTreeMap<_, _> = all_codes().into_iter().map(printed).collect();
    assert_eq!(documented(), known);
}

#[test]
fn findings_say_how_to_fix_them() {
    let codes = all_codes().into_iter();
    let lines = codes.map(|code| {
        let (name, severity) = printed(code);
        match code.fix() {
            "" => format!("{severity} {name}\n    (the message says all)"),
            fix => format!("{severity} {name}\n    {fix}"),
        }
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}
