//! The conformance cases.

use weld_protocol::ErrorKind;

/// Something that a connector must be able to do.
#[derive(Debug)]
pub(crate) struct Case {
    /// The connector's table.
    pub(crate) table: &'static str,
    /// A description of what the table does.
    pub(crate) does: &'static str,
    pub(super) expected: Expectation,
}

/// The expected result of a table.
#[derive(Debug)]
pub(super) enum Expectation {
    /// The schema describes this table's fields.
    Fields,
    /// Rows with the ids from 1 to `count`, on at least this many pages. A row may come twice.
    Ids { count: u64, pages: u64 },
    /// These rows, as JSON.
    Rows(&'static str),
    /// A row for each text case.
    Text,
    /// [`NUMBERS`], with every digit.
    Numbers,
    /// 10,000 rows of 1,000 letters.
    Large,
    /// An error of one of these kinds, with this text in its message or in the connector's log.
    Error(&'static [ErrorKind], &'static str),
    /// The page is postponed by 1,500 ms.
    RateLimited,
    /// The second page begins at least 100 ms after the first.
    Waits,
    /// Lines with these levels and texts in the log.
    Lines(&'static [(&'static str, &'static str)]),
}

/// The rows of the table `unicode`.
pub(super) const UNICODE: &str = r#"[
    {"id": 1, "text": "Grüße, 世界"},
    {"id": 2, "text": "🍺 and 👩‍👩‍👧"},
    {"id": 3, "text": "quotes \" and \\ and \n and \t"},
    {"id": 4, "text": "\u0000 \u001f \u007f \u2028"},
    {"id": 5, "text": ""},
    {"id": 6, "text": "e\u0301 is not \u00e9"}
]"#;

const fn ids(table: &'static str, does: &'static str) -> Case {
    Case {
        table,
        does,
        expected: Expectation::Ids {
            count: 25,
            pages: 3,
        },
    }
}

const fn row(table: &'static str, does: &'static str, rows: &'static str) -> Case {
    Case {
        table,
        does,
        expected: Expectation::Rows(rows),
    }
}

const fn error(
    table: &'static str,
    does: &'static str,
    kinds: &'static [ErrorKind],
    words: &'static str,
) -> Case {
    Case {
        table,
        does,
        expected: Expectation::Error(kinds, words),
    }
}

const fn http_error(table: &'static str, does: &'static str, rows: &'static str) -> Case {
    row(table, does, rows)
}

/// The rows of the table `numbers`. A 64-bit float can represent none of these numbers.
pub(super) const NUMBERS: &str = r#"[
    {"id": 9007199254740992, "number": 9007199254740993},
    {"id": 9007199254740993, "number": -12345678901234567890},
    {"id": 3, "number": 0.12345678901234567891},
    {"id": 4, "number": 1234567890123456789.5}
]"#;

pub(crate) const CASES: [Case; 34] = [
    Case {
        table: "fields",
        does: "is described with the key columns id and part, and the fields id (int), name (string, \"none\" if it \
        is missing) and tags (described as [\"null\", \"string\"]); has no rows",
        expected: Expectation::Fields,
    },
    ids(
        "page_number",
        "GET BASE_URL/page-number?page=N, from 1 to the answer's `pages`; rows are its `items`",
    ),
    ids(
        "offset",
        "GET BASE_URL/offset?offset=N, from 0, increased by the number of `items`, up to the answer's `total`",
    ),
    ids(
        "cursor",
        "GET BASE_URL/cursor, then ?cursor=C with the answer's `next`, until that is null",
    ),
    ids(
        "keyset",
        "GET BASE_URL/keyset?after=ID, from 0, then the last item's id, until there are no `items`",
    ),
    ids(
        "time_window",
        "GET BASE_URL/time-window?from=S&to=S for windows of 86400 seconds from 0 to 259200, each from 3600 seconds \
         before the last one's end",
    ),
    row(
        "empty",
        "GET BASE_URL/empty; rows are its `items`, which is empty",
        "[]",
    ),
    row(
        "unicode",
        "GET BASE_URL/unicode; rows are its `items`, unchanged",
        UNICODE,
    ),
    Case {
        table: "text",
        does: "GET BASE_URL/text?case=N from 1 until the answer's status is 404; for each, a page with one row of id N and \
               `text`, the answer's body as text, null if the kit refuses it",
        expected: Expectation::Text,
    },
    Case {
        table: "numbers",
        does: "GET BASE_URL/numbers; rows are its `items`, with every digit of their numbers",
        expected: Expectation::Numbers,
    },
    Case {
        table: "large",
        does: "10,000 rows in one page: `id` from 1, `text` of 1,000 times `x`",
        expected: Expectation::Large,
    },
    row(
        "environment",
        "one row with id 1 and `greeting`, the variable GREETING",
        r#"[{"id": 1, "greeting": "good morning"}]"#,
    ),
    error(
        "missing_variable",
        "needs the variable NOT_SET: the error misconfigured, which names it",
        &[ErrorKind::Misconfigured],
        "NOT_SET",
    ),
    error(
        "unknown_table",
        "the error unknown-table",
        &[ErrorKind::UnknownTable],
        "",
    ),
    error(
        "misconfigured",
        "the error misconfigured with \"words of misconfigured\"",
        &[ErrorKind::Misconfigured],
        "words of misconfigured",
    ),
    error(
        "invalid_state",
        "the error invalid-state with \"words of invalid_state\"",
        &[ErrorKind::InvalidState],
        "words of invalid_state",
    ),
    error(
        "unauthorized",
        "the error unauthorized with \"words of unauthorized\"",
        &[ErrorKind::UpstreamUnauthorized],
        "words of unauthorized",
    ),
    error(
        "upstream",
        "the error upstream with \"words of upstream\"",
        &[ErrorKind::UpstreamFailed],
        "words of upstream",
    ),
    error(
        "other",
        "the error other with \"words of other\"",
        &[ErrorKind::ConnectorFailed],
        "words of other",
    ),
    Case {
        table: "rate_limited",
        does: "the error rate-limited with 1500 ms",
        expected: Expectation::RateLimited,
    },
    error(
        "uncaught",
        "fails with an error of the language that is not caught, with \"the last words\"",
        &[ErrorKind::ConnectorFailed, ErrorKind::ConnectorCrashed],
        "the last words",
    ),
    Case {
        table: "wait",
        does: "a page with the row of id 1 and a wait of 100 ms, then a last page with id 2",
        expected: Expectation::Waits,
    },
    row(
        "sleep",
        "sleeps for 10 ms; one row with id 1 and `slept` true",
        r#"[{"id": 1, "slept": true}]"#,
    ),
    row(
        "sleep_past_the_page",
        "sleeps for an hour, longer than the page may take; one row with id 1 and `slept` false",
        r#"[{"id": 1, "slept": false}]"#,
    ),
    http_error(
        "http_denied",
        "GET https://denied.example.com/; one row with id 1 and `error`, as in the other http tables",
        r#"[{"id": 1, "error": "denied"}]"#,
    ),
    http_error(
        "http_invalid",
        "GET of an invalid URL, such as \"no url\"",
        r#"[{"id": 1, "error": "invalid"}]"#,
    ),
    http_error(
        "http_credentials",
        "GET BASE_URL/empty with the credential `none`, which does not exist",
        r#"[{"id": 1, "error": "credentials"}]"#,
    ),
    http_error(
        "http_timeout",
        "GET BASE_URL/slow with a timeout of 100 ms",
        r#"[{"id": 1, "error": "timeout"}]"#,
    ),
    http_error(
        "http_too_large",
        "GET BASE_URL/large, of 2 MiB",
        r#"[{"id": 1, "error": "too-large"}]"#,
    ),
    http_error(
        "http_over_limit",
        "GET BASE_URL/empty repeatedly until it fails",
        r#"[{"id": 1, "error": "over-limit"}]"#,
    ),
    http_error(
        "http_failed",
        "GET http://127.0.0.1:1/, where nobody listens",
        r#"[{"id": 1, "error": "failed"}]"#,
    ),
    http_error(
        "http_unavailable",
        "GET http://127.0.0.1:1/ repeatedly until the error is not failed",
        r#"[{"id": 1, "error": "unavailable"}]"#,
    ),
    row(
        "http_echo",
        "POST BASE_URL/echo with the header x-conformance: yes and the body \"héllo\"; one row with id 1, `method`, \
         `header` and `body` of the answer, and `status`",
        r#"[{"id": 1, "method": "POST", "header": "yes", "body": "héllo", "status": 201}]"#,
    ),
    Case {
        table: "logs",
        does: "writes \"at debug\", \"at info\", \"at warn\" and \"at error\" to the log, at these levels; no rows",
        expected: Expectation::Lines(&[
            ("DEBUG", "at debug"),
            ("INFO", "at info"),
            ("WARN", "at warn"),
            ("ERROR", "at error"),
        ]),
    },
];
