//! A line of the policy.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A line of the operator's policy, as messages name it: "`policy.origins` (weld-host.toml:12)".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyPlace {
    file: Arc<Path>,
    key: String,
    line: usize,
}

impl PolicyPlace {
    /// The place of a key, such as `policy.origins`, on a line of `weld-host.toml`.
    pub(crate) fn new(file: Arc<Path>, key: impl Into<String>, line: usize) -> Self {
        Self {
            file,
            key: key.into(),
            line,
        }
    }

    /// The place without the path of the file, for people who don't administer the machine.
    #[must_use]
    pub fn told(&self) -> String {
        let file = self.file.file_name().unwrap_or_default();
        format!(
            "`{}` on line {} of {}",
            self.key,
            self.line,
            file.to_string_lossy()
        )
    }

    /// The key's path in the file.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The line, starting at 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for PolicyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}:{})", self.key, self.file.display(), self.line)
    }
}
