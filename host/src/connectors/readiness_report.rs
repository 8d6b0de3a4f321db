//! The state of the host, as probes read it: its readiness, and the connectors that it doesn't serve.

use serde::Serialize;

use super::entry::EntryState;
use super::readiness::ReadinessStage;
use super::registry::Connectors;

/// How many connectors a report lists by name. A folder used for something else may have thousands of files.
const MAX_LISTED: usize = 100;

/// The reader of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportReader {
    /// The operator, or somebody on this machine.
    Operator,
    /// Anybody. Names of connectors and reasons, which quote configurations, are left out.
    Stranger,
}

/// The state of the host, as probes read it.
#[derive(Debug, Serialize)]
pub(crate) struct ReadinessReport {
    status: ReadinessStage,
    /// The number of connectors that are still loading.
    loading: usize,
    /// The number of connectors that failed to load.
    not_loaded: usize,
    /// The last second in which the server's certificate is valid, in RFC 3339. Every client of TLS sees it anyway.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_expires: Option<String>,
    /// At most [`MAX_LISTED`] of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    connectors: Option<Vec<AbsentConnector>>,
}

/// A connector that is not served.
#[derive(Debug, Serialize)]
struct AbsentConnector {
    name: String,
    state: AbsenceState,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum AbsenceState {
    Loading,
    NotLoaded,
}

impl ReadinessReport {
    /// Whether the host should receive requests.
    pub(crate) fn is_ready(&self) -> bool {
        self.status == ReadinessStage::Ready
    }

    /// The report as JSON.
    pub(crate) fn json(&self) -> String {
        // Serializing these types can't fail: there are no maps with other keys than strings.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Connectors {
    /// The state of the host, with as much detail as its reader may know.
    pub(crate) fn report(&self, reader: ReportReader) -> ReadinessReport {
        let mut report = ReadinessReport {
            status: self.readiness().stage(),
            loading: 0,
            not_loaded: 0,
            certificate_expires: self
                .readiness()
                .certificate_expires()
                .map(|at| at.to_string()),
            connectors: (reader == ReportReader::Operator).then(Vec::new),
        };
        self.each_entry(|entry| match &entry.state {
            EntryState::Ready(_) => {}
            EntryState::Loading => report.note_loading(entry.name.as_str()),
            EntryState::Failed(problem) => {
                report.note_failure(entry.name.as_str(), &problem.reason)
            }
        });
        self.each_misnomer(|name, problem| report.note_failure(name, &problem.reason));
        report
    }
}

impl ReadinessReport {
    fn note_loading(&mut self, name: &str) {
        self.loading = self.loading.saturating_add(1);
        self.list(name, AbsenceState::Loading, None);
    }

    fn note_failure(&mut self, name: &str, reason: &str) {
        self.not_loaded = self.not_loaded.saturating_add(1);
        self.list(name, AbsenceState::NotLoaded, Some(reason));
    }

    fn list(&mut self, name: &str, state: AbsenceState, reason: Option<&str>) {
        if let Some(connectors) = &mut self.connectors
            && connectors.len() < MAX_LISTED
        {
            connectors.push(AbsentConnector {
                name: name.to_owned(),
                state,
                reason: reason.map(str::to_owned),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_lists_names_and_reasons_for_the_operator_only_and_not_endlessly() {
        for (listed, expected) in [(None, None), (Some(Vec::new()), Some(MAX_LISTED))] {
            let mut report = ReadinessReport {
                status: ReadinessStage::Ready,
                loading: 0,
                not_loaded: 0,
                certificate_expires: None,
                connectors: listed,
            };
            for number in 0..MAX_LISTED + 5 {
                report.note_failure(&format!("connector-{number}"), "a private reason");
            }
            let text = report.json();
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(json["not_loaded"], MAX_LISTED + 5, "{text}");
            let names = json["connectors"].as_array().map(Vec::len);
            assert_eq!(names, expected, "{text}");
            assert_eq!(text.contains("private"), expected.is_some(), "{text}");
        }
    }
}
