//! How many connectors are loaded, in words for the supervisor's status line.

use std::fmt::{self, Display, Formatter};

use crate::connectors::LoadReport;

/// How many connectors were loaded at the start, failed to, or are still being loaded.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::cli) struct LoadTally {
    loaded: usize,
    failed: usize,
    unfinished: usize,
}

impl LoadTally {
    /// Counts the reports so far; this many are still to come.
    pub(in crate::cli) fn of(reports: &[LoadReport], unfinished: usize) -> Self {
        let loaded = reports
            .iter()
            .filter(|report| report.outcome.is_ok())
            .count();
        Self {
            loaded,
            failed: reports.len() - loaded,
            unfinished,
        }
    }

    /// The same with one more report.
    pub(in crate::cli) fn and(mut self, report: &LoadReport) -> Self {
        match report.outcome {
            Ok(_) => self.loaded += 1,
            Err(_) => self.failed += 1,
        }
        self.unfinished = self.unfinished.saturating_sub(1);
        self
    }
}

impl Display for LoadTally {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "serving; connectors: {} loaded", self.loaded)?;
        for (number, what) in [
            (self.failed, "failed to load"),
            (self.unfinished, "still loading"),
        ] {
            if number > 0 {
                write!(formatter, ", {number} {what}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_gets_mentioned() {
        let mut tally = LoadTally {
            loaded: 2,
            ..LoadTally::default()
        };
        assert_eq!(tally.to_string(), "serving; connectors: 2 loaded");
        tally.failed = 1;
        tally.unfinished = 3;
        assert_eq!(
            tally.to_string(),
            "serving; connectors: 2 loaded, 1 failed to load, 3 still loading"
        );
    }
}
