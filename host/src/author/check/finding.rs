//! What a check finds, and what its author can do about it.

use serde::Serialize;
use weld_protocol::ErrorKind;

use crate::report;
use crate::sync::SyncError;

/// Something about a connector that is wrong or looks so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) code: FindingCode,
    /// `None` if it is not about one table.
    pub(crate) table: Option<String>,
    /// What was seen; on one line.
    pub(crate) message: String,
}

impl Finding {
    pub(crate) fn new(code: FindingCode, message: impl Into<String>) -> Self {
        Self {
            code,
            table: None,
            message: message.into(),
        }
    }

    /// An answer that is an error. One that says that a setting is missing, or that the API refused the credentials,
    /// has a code of its own in place of `code`.
    pub(super) fn from_refusal(code: FindingCode, error: &SyncError) -> Self {
        let code = match error.kind() {
            Some(ErrorKind::Misconfigured) => FindingCode::Misconfigured,
            Some(ErrorKind::UpstreamUnauthorized | ErrorKind::CredentialsFailed) => {
                FindingCode::Unauthorized
            }
            _ => code,
        };
        let message = match error {
            SyncError::Refused { kind, message, .. } => {
                let kind = kind.map_or("no error of the protocol", ErrorKind::as_str);
                format!("{message} ({kind})")
            }
            other => report::chain(other),
        };
        Self::new(code, message)
    }

    /// The same finding, about one table.
    pub(super) fn in_table(self, table: &str) -> Self {
        Self {
            table: Some(table.to_owned()),
            ..self
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    /// It does not work, or loses rows.
    Error,
    /// It works, but hardly as its author means it.
    Warning,
}

/// What kind of thing was found, as tools know it: in kebab case it is part of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FindingCode {
    NoComponent,
    NoContract,
    ContractVersion,
    UnknownImport,
    NotLoaded,
    SchemaFailed,
    NoTables,
    NoPrimaryKey,
    OddName,
    SimilarNames,
    Misconfigured,
    Unauthorized,
    CallRefused,
    PageFailed,
    PageNotReady,
    KeyMissing,
    KeyNull,
    KeyTwice,
    TypeMismatch,
    OddTime,
    KindChanged,
    FieldNeverCame,
    StateGrows,
    LargeInteger,
    NotRepeatable,
    StateStuck,
    ResumeFailed,
    ResumeRepeats,
}

impl FindingCode {
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::NoComponent
            | Self::NoContract
            | Self::ContractVersion
            | Self::UnknownImport
            | Self::NotLoaded
            | Self::SchemaFailed
            | Self::NoTables
            | Self::Misconfigured
            | Self::Unauthorized
            | Self::CallRefused
            | Self::PageFailed
            | Self::KeyMissing
            | Self::KeyNull
            | Self::KeyTwice
            | Self::TypeMismatch
            | Self::StateStuck
            | Self::ResumeFailed
            | Self::ResumeRepeats => Severity::Error,
            Self::NoPrimaryKey
            | Self::OddName
            | Self::SimilarNames
            | Self::PageNotReady
            | Self::OddTime
            | Self::KindChanged
            | Self::FieldNeverCame
            | Self::StateGrows
            | Self::LargeInteger
            | Self::NotRepeatable => Severity::Warning,
        }
    }

    /// What to do about it.
    pub(crate) fn fix(self) -> &'static str {
        match self {
            Self::NoComponent => {
                "build a component, not a core module: in Rust the target wasm32-wasip2, in other languages their \
                 componentize tool"
            }
            Self::NoContract => {
                "export weld:connector/source, the world `connector` of connector.wit"
            }
            Self::ContractVersion => "build against the connector.wit of this host's version",
            Self::UnknownImport => {
                "leave out what needs it: connectors reach APIs by http-fetch or wasi:http, and have no files or sockets \
                 to open"
            }
            Self::NotLoaded => "mend what the message names; `serve` would not load it either",
            Self::SchemaFailed => {
                "let `schema` answer without the API where it can: Weld asks for it when a connector is set up"
            }
            Self::NoTables => "answer one table at the least: there is nothing to sync",
            Self::NoPrimaryKey => {
                "name the columns that identify a row, or know that each sync adds all rows once more"
            }
            Self::OddName => {
                "keep to letters, digits and `_`, a letter first: warehouses write other names in other ways"
            }
            Self::SimilarNames => {
                "let names differ in more than their letters' case: most warehouses take them for one"
            }
            Self::Misconfigured => "set what is missing under [env] of the connector's NAME.toml",
            Self::Unauthorized => {
                "look at the credentials under [auth] or [env] of the connector's NAME.toml"
            }
            Self::CallRefused => {
                "add the rule that the message names to `allow` under [network] of NAME.toml"
            }
            Self::PageFailed => {
                "mend what the message names; the log (--log info) shows the calls before it"
            }
            Self::PageNotReady => {
                "give it longer (--patience), or ask when the API's quota has room again"
            }
            Self::KeyMissing | Self::KeyNull => {
                "give each row a value in every column of its primary key, or take another column for it"
            }
            Self::KeyTwice => {
                "take for the primary key what differs in all rows: of rows with one key, Weld keeps one"
            }
            Self::TypeMismatch => {
                "declare the type that the values have, or leave the field out: Weld then infers it"
            }
            Self::OddTime => {
                "write times as in RFC 3339, such as 2026-06-01T12:30:45Z, and null where there is none, or declare the \
                 field as `string`"
            }
            Self::KindChanged => "convert the column's values to one type before they are answered",
            Self::FieldNeverCame => "mend the field's name, give it a default, or leave it out",
            Self::StateGrows => "keep a position in the state, not a list of what has come",
            Self::LargeInteger => {
                "keep it as a string: a reader that takes numbers for 64-bit floats, such as JavaScript's, changes its last \
                 digits, and the next page begins elsewhere"
            }
            Self::NotRepeatable => {
                "ask the API for a fixed order; where the data itself changes, this is no fault. A page that is asked for \
                 twice with one state must have the same rows, since answers get lost"
            }
            Self::StateStuck => {
                "let the state say where the next page begins, or answer hasMore: false"
            }
            Self::ResumeFailed => {
                "let the connector go on from the state that it has answered itself"
            }
            Self::ResumeRepeats => {
                "take the position from the state that comes in: the second page had the first one's rows"
            }
        }
    }
}
