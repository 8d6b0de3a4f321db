//! The last failure of a credential, in a file next to its token. It contains no secret, and needs no key.

use std::io;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::error::TokenError;
use super::files::{self, NoWatch};
use super::folder::Folder;
use super::store::TokenEntry;

/// Why a credential's token could not be obtained the last time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalFailure {
    /// The time, stored in whole seconds.
    pub at: SystemTime,
    /// The message, without secrets.
    pub message: String,
}

#[derive(Serialize, Deserialize)]
struct FailureJson {
    /// Seconds since 1970.
    at: u64,
    message: String,
}

impl TokenEntry {
    /// Keeps a failure instead of the previous one; `None` removes the previous one.
    ///
    /// # Errors
    ///
    /// [`TokenError`]: `ReadOnly`, `Full` and `Unwritable`.
    pub fn keep_failure(&self, failure: Option<&RenewalFailure>) -> Result<(), TokenError> {
        let path = self.file("failure");
        let kept = match failure {
            None => files::remove(&path).map(drop),
            Some(failure) => self.write_failure(failure),
        };
        kept.map_err(|source| TokenError::of_write(&path, source))
    }

    fn write_failure(&self, failure: &RenewalFailure) -> io::Result<()> {
        let since = failure.at.duration_since(SystemTime::UNIX_EPOCH);
        let written = FailureJson {
            at: since.map_or(0, |since| since.as_secs()),
            message: failure.message.clone(),
        };
        let content = serde_json::to_vec(&written)?;
        Folder::make_itself(self.folder())?;
        // Several processes may write at the same time; within one process, a credential is renewed by one task at a
        // time.
        let temporary = self.file(&format!("failure-{}", std::process::id()));
        files::replace(&self.file("failure"), &temporary, &content, &NoWatch)
    }

    /// The last failure; `None` if there is none, or it can't be read.
    pub fn failure(&self) -> Option<RenewalFailure> {
        let content = files::read(&self.file("failure")).ok()??;
        let read: FailureJson = serde_json::from_slice(&content).ok()?;
        Some(RenewalFailure {
            at: SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(read.at))?,
            message: read.message,
        })
    }
}
