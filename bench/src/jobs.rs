//! The jobs of the handlers: their requests, and the checks of the answers.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, ensure};
use serde_json::Value;
use weld_protocol::read_page;

/// The key that every handler requires, as `Authorization: Bearer`.
pub(crate) const KEY: &str = "bench-key";

/// The demo API's token, which the handlers send.
pub(crate) const TOKEN: &str = "bench-api-token";

/// How many beers are a full page of the demo API.
pub(crate) const PER_PAGE: usize = 80;

/// Each row has about 1.5 KB, and a host accepts pages of up to 64 MiB.
const MOST_ROWS: u32 = 20_000;

/// One answer of 10,000 rows has 16 MB, and every connection has one in flight.
const MOST_BYTES_UNDER_WAY: u32 = 64 << 20;
const ROW_BYTES: u32 = 1_600;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// One page, again and again, on all handlers.
    Page(Work),
    /// A whole table, with `weld-host sync`.
    Sync,
    /// A host with ten times as many clients as it has room for.
    Overload,
    /// Thousands of sleeping pages, and others alongside them.
    Asleep,
    /// Probes of a host with too many clients, and of one with thousands of sleeping pages.
    Probes,
    /// A host with a thousand connectors, from its start.
    Thousand,
    /// A connector that is replaced while it is called.
    Reload,
    /// A hundred connectors as large as Python's.
    Large,
    /// The host as a function of AWS Lambda, from its start.
    Lambda,
    /// The connector that `weld-host new` creates, in each of its languages.
    Languages,
    /// A host with compiled files, from its start to its first page.
    Start,
    /// A cloud function, adapted and on its own platform.
    Adapted,
}

impl Job {
    /// The jobs that don't request pages, with their names.
    const OTHERS: [(&str, Self); 11] = [
        ("sync", Self::Sync),
        ("overload", Self::Overload),
        ("asleep", Self::Asleep),
        ("probes", Self::Probes),
        ("thousand", Self::Thousand),
        ("reload", Self::Reload),
        ("large", Self::Large),
        ("lambda", Self::Lambda),
        ("languages", Self::Languages),
        ("start", Self::Start),
        ("adapted", Self::Adapted),
    ];

    /// The default jobs.
    pub(crate) fn all() -> Vec<Self> {
        let pages = Work::ALL.into_iter().map(Self::Page);
        pages.chain(Self::OTHERS.map(|(_, job)| job)).collect()
    }

    /// The jobs that show that the benchmark works: all except the one that builds for minutes.
    pub(crate) fn smoke() -> Vec<Self> {
        let mut jobs = Self::all();
        jobs.retain(|job| *job != Self::Adapted);
        jobs
    }
}

impl FromStr for Job {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        for (name, job) in Self::OTHERS {
            if text == name {
                return Ok(job);
            }
        }
        text.parse().map(Self::Page).map_err(|error| {
            let names = Self::OTHERS.map(|(name, _)| name).join(", ");
            format!("{error}; or one of {names}")
        })
    }
}

/// The work that one request causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Fetch a page of 80 beers from the demo API and answer with it.
    Fetch,
    /// The same from an empty state, which every connector understands: always the first page.
    First,
    /// Answer with this many generated rows.
    Rows(u32),
}

impl Work {
    /// The default jobs with pages.
    pub(crate) const ALL: [Self; 5] = [
        Self::Fetch,
        Self::Rows(1),
        Self::Rows(80),
        Self::Rows(1_000),
        Self::Rows(10_000),
    ];

    /// The path of this job on a server that does several: the name of a connector, without slashes.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Fetch | Self::First => "beers",
            Self::Rows(_) => "rows",
        }
    }

    /// The body of the requests on one connection, counted from 0.
    ///
    /// No two connections send the same state, since a server may answer equal requests with one page. So
    /// [`Work::First`] is for one connection only.
    pub(crate) fn request(self, connection: u32) -> String {
        match self {
            Self::Fetch => {
                let page = connection.saturating_add(1);
                format!(r#"{{"name":"beers","state":{{"next_page":{page}}}}}"#)
            }
            Self::First => r#"{"name":"beers","state":{}}"#.to_owned(),
            Self::Rows(rows) => {
                format!(r#"{{"name":"{rows}","state":{{"connection":{connection}}}}}"#)
            }
        }
    }

    /// Checks that a complete answer is this job's.
    ///
    /// # Errors
    ///
    /// A description of what is wrong.
    pub(crate) fn check(self, answer: &[u8]) -> anyhow::Result<()> {
        let page = read_page(answer).context("the answer is not a page")?;
        let (rows, has_more) = match self {
            Self::Fetch | Self::First => (PER_PAGE, true),
            Self::Rows(rows) => (usize::try_from(rows)?, false),
        };
        ensure!(
            page.insert.len() == rows && page.has_more == has_more,
            "a page of {} rows with hasMore {} instead of {rows} and {has_more}",
            page.insert.len(),
            page.has_more
        );
        Ok(())
    }

    /// The part of an answer in which all servers must agree. The form of a state is up to each connector.
    pub(crate) fn common(self, answer: Value) -> Option<Value> {
        match (self, answer) {
            (Self::First, Value::Object(mut page)) => page.remove("insert"),
            (_, answer) => Some(answer),
        }
    }

    /// The numbers of connections to measure with: one, where nothing queues, and `most`, or as many as have their
    /// answers fit into memory.
    pub(crate) fn connections(self, most: u32) -> Vec<u32> {
        let many = match self {
            Self::Fetch => most,
            Self::First => 1,
            Self::Rows(rows) => {
                let fit = MOST_BYTES_UNDER_WAY / rows.saturating_mul(ROW_BYTES).max(1);
                most.min(fit.max(1))
            }
        };
        if many > 1 { vec![1, many] } else { vec![1] }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch => formatter.write_str("fetch"),
            Self::First => formatter.write_str("first"),
            Self::Rows(rows) => write!(formatter, "rows-{rows}"),
        }
    }
}

impl FromStr for Work {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "fetch" {
            return Ok(Self::Fetch);
        }
        if text == "first" {
            return Ok(Self::First);
        }
        text.strip_prefix("rows-")
            .and_then(|rows| rows.parse().ok())
            .filter(|rows| (1..=MOST_ROWS).contains(rows))
            .map(Self::Rows)
            .ok_or_else(|| {
                format!("write fetch, or rows-N with N from 1 to {MOST_ROWS}, such as rows-80")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_read_as_they_are_written() {
        for work in Work::ALL.into_iter().chain([Work::First]) {
            assert_eq!(work.to_string().parse(), Ok(work));
            assert_eq!(work.to_string().parse(), Ok(Job::Page(work)));
        }
        for (name, job) in Job::OTHERS {
            assert_eq!(name.parse(), Ok(job));
        }
        for text in ["", "rows", "rows-", "rows-0", "rows-20001", "rows--1"] {
            assert!(text.parse::<Work>().is_err(), "{text}");
            assert!(text.parse::<Job>().is_err(), "{text}");
        }
    }

    #[test]
    fn answers_with_other_rows_are_wrong() {
        let one = br#"{"insert":[{}],"state":{},"hasMore":false}"#;
        assert!(Work::Rows(1).check(one).is_ok());
        for (work, answer) in [
            (Work::Rows(2), &one[..]),
            (Work::Fetch, one),
            (
                Work::Rows(1),
                br#"{"insert":[{}],"state":{},"hasMore":true}"#,
            ),
            (Work::Rows(1), br#"{"error":{}}"#),
        ] {
            assert!(work.check(answer).is_err(), "{work}");
        }
    }

    #[test]
    fn states_of_first_pages_may_differ() {
        let answer = |state: u32| serde_json::json!({ "insert": [{ "id": 1 }], "state": state });
        let of = |work: Work, state| work.common(answer(state));
        assert_eq!(of(Work::First, 1), of(Work::First, 2));
        assert_ne!(of(Work::Fetch, 1), of(Work::Fetch, 2));
        assert_eq!(Work::First.common(serde_json::json!({})), None);
    }

    #[test]
    fn large_answers_go_over_few_connections() {
        for (work, expected) in [
            (Work::Fetch, vec![1, 32]),
            (Work::Rows(1), vec![1, 32]),
            (Work::Rows(1_000), vec![1, 32]),
            (Work::Rows(10_000), vec![1, 4]),
        ] {
            assert_eq!(work.connections(32), expected, "{work}");
        }
        assert_eq!(Work::Fetch.connections(1), [1]);
    }
}
