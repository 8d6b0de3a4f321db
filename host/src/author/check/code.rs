//! The kinds of findings, how bad each is, and how to fix it.

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    /// The connector doesn't work, or loses rows.
    Error,
    /// The connector works, but probably not as intended.
    Warning,
}

/// The kind of a finding. Its name in kebab case is part of the output, for tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FindingCode {
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
}

impl FindingCode {
    /// The fix if the message says all there is to say.
    pub(crate) const SEE_MESSAGE: &'static str = "";

    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::Unreadable
            | Self::NotBuilt
            | Self::NoComponent
            | Self::NoContract
            | Self::ContractVersion
            | Self::UnknownImport
            | Self::NotLoaded
            | Self::SchemaFailed
            | Self::NoTables
            | Self::Misconfigured
            | Self::Unauthorized
            | Self::CallRefused
            | Self::ApiUnreachable
            | Self::PageFailed
            | Self::KeyMissing
            | Self::KeyNull
            | Self::KeyTwice
            | Self::TypeMismatch
            | Self::StateStuck
            | Self::ResumeFailed
            | Self::ResumeRepeats => Severity::Error,
            Self::BeyondPolicy
            | Self::NoPrimaryKey
            | Self::OddName
            | Self::SimilarNames
            | Self::UnknownType
            | Self::PageNotReady
            | Self::UndeclaredColumn
            | Self::OddTime
            | Self::KindChanged
            | Self::FieldNeverCame
            | Self::LargeInteger
            | Self::NotRepeatable => Severity::Warning,
        }
    }

    /// How to fix it, if nothing more is known than the kind. Empty if the message says all.
    pub(crate) fn fix(self) -> &'static str {
        match self {
            Self::Unreadable => "name a component that exists and that this user may read",
            Self::NotBuilt => {
                "fix what the message names; `weld-host build` shows the same, or name a component: NAME.wasm"
            }
            Self::NoComponent => {
                "build a component, not a core module: `weld-host build` does, or in another language its componentize tool"
            }
            Self::NoContract => {
                "export weld:connector/source, the world `connector` of connector.wit"
            }
            Self::ContractVersion => "build against the connector.wit of this host's version",
            Self::UnknownImport => {
                "remove the code that needs it: connectors call APIs through http-fetch or wasi:http, and can't open files \
                or sockets"
            }
            Self::NotLoaded | Self::PageFailed => Self::SEE_MESSAGE,
            Self::BeyondPolicy => {
                "narrow it, or ask the operator of the server to permit it; the server does not load the connector otherwise"
            }
            Self::SchemaFailed => {
                "let `schema` answer without the API if possible: Weld requests it when a connector is set up"
            }
            Self::NoTables => "return at least one table; otherwise there is nothing to sync",
            Self::NoPrimaryKey => {
                "name the columns that identify a row; without them, each sync adds all rows again"
            }
            Self::OddName => {
                "use only letters, digits and `_`, and begin with a letter: warehouses change other names in different ways"
            }
            Self::SimilarNames => {
                "use names that differ in more than case: most warehouses treat these as the same name"
            }
            Self::UnknownType => "declare one of Weld's types",
            Self::Misconfigured => {
                "change the connector's NAME.toml as the message says; variables belong under [env]"
            }
            Self::Unauthorized => {
                "check the credentials under [auth] or [env] in the connector's NAME.toml"
            }
            Self::CallRefused => {
                "add the rule from the message under [network] in the connector's NAME.toml"
            }
            Self::ApiUnreachable => {
                "check the URL, and that this machine reaches it; `--map` sends the requests to a server on this machine \
                instead"
            }
            Self::PageNotReady => {
                "allow more time (--patience), or check again when the API's quota permits"
            }
            Self::KeyMissing | Self::KeyNull => {
                "give each row a value in every column of its primary key, or choose other columns as the key"
            }
            Self::KeyTwice => {
                "choose a primary key that differs in all rows: of rows with the same key, Weld keeps only one"
            }
            Self::UndeclaredColumn => "declare the column in the schema, with its type",
            Self::TypeMismatch => {
                "declare the type that the values have, or leave the field out: Weld then loads the column as text"
            }
            Self::OddTime => {
                "write times as in RFC 3339, such as 2026-06-01T12:30:45Z, and null if there is no time, or declare the \
                field as `string`"
            }
            Self::KindChanged => "convert the column's values to one type before returning them",
            Self::FieldNeverCame => "correct the field's name, give it a default, or leave it out",
            Self::LargeInteger => {
                "store it as a string: JSON readers that use 64-bit floats, such as JavaScript's, change its last digits, \
                and the next page begins elsewhere"
            }
            Self::NotRepeatable => {
                "request a fixed order from the API; if the data itself has changed, nothing is wrong. A page that is \
                requested twice with the same state must have the same rows, since answers can get lost"
            }
            Self::StateStuck => "let the state say where the next page begins, or end the table",
            Self::ResumeFailed => "let the connector continue from the state that it returned",
            Self::ResumeRepeats => {
                "read the position from the state in the request: the second page had the first one's rows"
            }
        }
    }
}
