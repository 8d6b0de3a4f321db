//! The server's settings, as far as the admin listener has them read again.

use std::future::Future;
use std::pin::Pin;

use serde::Serialize;

/// Reads the server's settings again.
pub trait SettingsControl: Send + Sync {
    /// Reads them, and applies those that can change. Requests wait for each other.
    fn reread(&self) -> Pin<Box<dyn Future<Output = SettingsSummary> + Send + '_>>;
}

/// What reading the settings again has changed, by the keys of the settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SettingsSummary {
    /// In effect from now on.
    pub changed: Vec<String>,
    /// Different from what the server runs with; in effect after a restart.
    pub after_restart: Vec<String>,
    /// Why the settings can't be read; all of them stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}
