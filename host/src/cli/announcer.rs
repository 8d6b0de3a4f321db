//! What a server tells about itself: its address, its room and its connectors. In the text format these are lines for
//! people on stdout; in the JSON format, events of the log.

use std::path::Path;

use super::host::Host;
use super::output::{OutputForm, say};
use crate::config::AdminAddress;
use crate::connectors::LoadReport;
use crate::report::{chain, milliseconds};
use crate::sandbox::{Capacity, CodeOrigin};

/// Announces a server in the form of its output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Announcer(pub(super) OutputForm);

impl Announcer {
    /// Announces the address, the capacity and the connectors. `is_open` says that no key is required.
    pub(super) fn host(self, host: &Host, is_open: bool) {
        let origin = host.origin();
        let Capacity { slots, bound } = &host.capacity;
        match self.0 {
            OutputForm::Text => {
                let version = env!("CARGO_PKG_VERSION");
                say(&format!("weld-host {version} listening on {origin}"));
                if is_open {
                    say("  open to everyone on this machine; set WELD_API_KEY to require a key");
                }
                match host.admin_address() {
                    Some(AdminAddress::Tcp(address)) => {
                        say(&format!("  admin listener on http://{address}"));
                    }
                    Some(path) => say(&format!("  admin listener on {path}")),
                    None => {}
                }
                say(&format!("  {slots} sandboxes at once, bounded by {bound}"));
            }
            OutputForm::Json(_) => tracing::info!(
                version = env!("CARGO_PKG_VERSION"),
                url = origin,
                slots,
                %bound,
                is_open,
                admin = host.admin_address().map(tracing::field::display),
                "listening"
            ),
        }
        let unfinished = host.unfinished();
        if host.reports.is_empty() && unfinished == 0 {
            self.no_connectors();
        }
        for report in &host.reports {
            self.connector(&origin, report);
        }
        if unfinished > 0 {
            match self.0 {
                OutputForm::Text => say(&format!("  still loading {unfinished} more")),
                OutputForm::Json(_) => tracing::info!(unfinished, "still loading connectors"),
            }
        }
    }

    /// Announces the file that settings were read from.
    pub(super) fn settings_file(self, path: &Path) {
        match self.0 {
            OutputForm::Text => say(&format!("  settings of {}", path.display())),
            OutputForm::Json(_) => {
                tracing::info!(path = %path.display(), "settings read from a file")
            }
        }
    }

    fn no_connectors(self) {
        const TEXT: &str = "no connectors: the plugins folder has no .wasm file";
        match self.0 {
            OutputForm::Text => say(&format!("  {TEXT}")),
            OutputForm::Json(_) => tracing::info!("{TEXT}"),
        }
    }

    /// Announces that a connector is loaded, or why it is not.
    pub(super) fn connector(self, origin: &str, LoadReport { name, outcome }: &LoadReport) {
        match (outcome, self.0) {
            (Ok(ready), OutputForm::Text) => {
                let how = match ready.code {
                    CodeOrigin::CompiledFile => " from its compiled file",
                    CodeOrigin::Cache => " from the cache",
                    CodeOrigin::Compiler => "",
                };
                let took = ready.took.as_millis();
                say(&format!(
                    "  {name}  {origin}/{name}  loaded in {took} ms{how}"
                ));
            }
            (Ok(ready), OutputForm::Json(_)) => tracing::info!(
                connector = name,
                url = format!("{origin}/{name}"),
                took_ms = milliseconds(ready.took),
                cached = ready.code.is_found(),
                "connector loaded"
            ),
            (Err(error), form) => {
                let reason = chain(error);
                if form == OutputForm::Text {
                    // Each problem of a configuration has its own line.
                    let shown = reason.replace('\n', "\n    ");
                    say(&format!("  {name}  not loaded: {shown}"));
                }
                tracing::warn!(connector = name, reason, "connector not loaded");
            }
        }
    }
}
