//! The findings of a check.

use std::borrow::Cow;
use std::collections::HashSet;

use super::code::FindingCode;

/// A problem or a likely problem of a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) code: FindingCode,
    /// The tables that it concerns, each once; empty if it is not about tables.
    pub(crate) tables: Vec<String>,
    /// What was found, on one line.
    pub(crate) message: String,
    /// How to fix it, on one line. Empty if the message says all there is to say.
    pub(crate) fix: Cow<'static, str>,
    cause: FindingCause,
}

/// What makes several findings one: findings of the same code and cause are reported together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum FindingCause {
    /// A text without the parts that differ from table to table.
    Text(String),
    /// An API that can't be reached.
    Origin(String),
}

impl Finding {
    pub(crate) fn new(code: FindingCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code,
            tables: Vec::new(),
            cause: FindingCause::Text(message.clone()),
            message,
            fix: code.fix().into(),
        }
    }

    /// The same finding, for a table.
    pub(super) fn in_table(self, table: &str) -> Self {
        Self {
            tables: vec![table.to_owned()],
            ..self
        }
    }

    /// The same finding, with a way to fix it that fits its cause.
    pub(crate) fn with_fix(self, fix: impl Into<Cow<'static, str>>) -> Self {
        Self {
            fix: fix.into(),
            ..self
        }
    }

    /// The same finding, with a failure that followed from it.
    pub(super) fn followed_by(self, failure: &str) -> Self {
        let message = format!("{}; after that: {failure}", self.message);
        Self { message, ..self }
    }

    /// The same finding, grouped by this cause instead of its message.
    pub(super) fn caused_by(self, cause: FindingCause) -> Self {
        Self { cause, ..self }
    }

    /// Whether the other finding has the same cause. Calls to an API that can't be reached are no longer sent after
    /// some failures, so a page that waits for this API has the same cause.
    fn is_same(&self, other: &Self) -> bool {
        if self.code == other.code {
            return self.cause == other.cause;
        }
        match (&self.cause, self.code, other.code) {
            (
                FindingCause::Origin(origin),
                FindingCode::ApiUnreachable,
                FindingCode::PageNotReady,
            ) => other.message.contains(origin.as_str()),
            _ => false,
        }
    }
}

/// Makes one finding of those that have the same cause: the first one, with the tables of all.
pub(super) fn grouped(findings: Vec<Finding>) -> Vec<Finding> {
    let mut groups: Vec<(Finding, HashSet<String>)> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|(first, _)| first.is_same(&finding)) {
            Some((first, known)) => {
                for table in finding.tables {
                    if known.insert(table.clone()) {
                        first.tables.push(table);
                    }
                }
            }
            None => {
                let known = finding.tables.iter().cloned().collect();
                groups.push((finding, known));
            }
        }
    }
    groups.into_iter().map(|(finding, _)| finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: FindingCode, message: &str, table: &str) -> Finding {
        Finding::new(code, message).in_table(table)
    }

    fn shown(findings: Vec<Finding>) -> Vec<String> {
        let lines = grouped(findings).into_iter().map(|finding| {
            let tables = finding.tables.join(" ");
            format!("{:?} {}: {tables}", finding.code, finding.message)
        });
        lines.collect()
    }

    #[test]
    fn one_cause_is_one_finding_with_its_tables() {
        let same = |table| finding(FindingCode::Misconfigured, "KEY is not set", table);
        let other = finding(FindingCode::PageFailed, "KEY is not set", "b");
        let found = shown(vec![same("a"), same("b"), other, same("a"), same("c")]);
        assert_eq!(
            found,
            [
                "Misconfigured KEY is not set: a b c",
                "PageFailed KEY is not set: b"
            ]
        );
    }

    #[test]
    fn a_page_that_waits_for_an_unreachable_api_has_the_same_cause() {
        let unreachable = finding(FindingCode::ApiUnreachable, "refused", "a")
            .caused_by(FindingCause::Origin("http://api.example.com".to_owned()));
        let waits = |text, table| finding(FindingCode::PageNotReady, text, table);
        let found = shown(vec![
            unreachable,
            waits("waits for http://api.example.com", "b"),
            waits("waits for http://other.example.com", "c"),
        ]);
        assert_eq!(
            found,
            [
                "ApiUnreachable refused: a b",
                "PageNotReady waits for http://other.example.com: c"
            ]
        );
    }
}
