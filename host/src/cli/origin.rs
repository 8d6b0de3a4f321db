//! Where the value of a setting comes from.

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value, json};

/// Where the value of a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SettingOrigin {
    /// A flag on the command line.
    Flag,
    /// The environment variable of this name.
    Variable(String),
    /// A line of `weld-host.toml`.
    File {
        path: PathBuf,
        /// Starting at 1.
        line: usize,
    },
    /// It is not set.
    Default,
}

impl fmt::Display for SettingOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Variable(name) => f.write_str(name),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

impl SettingOrigin {
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Flag => json!({"from": "flag"}),
            Self::Variable(name) => json!({"from": "variable", "name": name}),
            Self::File { path, line } => {
                json!({"from": "file", "path": path.to_string_lossy(), "line": line})
            }
            Self::Default => json!({"from": "default"}),
        }
    }
}
