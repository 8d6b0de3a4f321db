//! The cases.

use weld_protocol::ErrorKind;

/// One thing that a connector must be able to do.
#[derive(Debug)]
pub(crate) struct Case {
    /// The connector's table.
    pub(crate) table: &'static str,
    /// What the table does.
    pub(crate) does: &'static str,
    pub(super) expected: Expectation,
}

/// What a table must come to.
#[derive(Debug)]
pub(super) enum Expectation {
    /// The schema, which is asked for anyway, describes this table's fields.
    Fields,
    /// Rows with the ids from 1 to `count`, in so many pages at the least; a row may come twice.
    Ids { count: u64, pages: u64 },
    /// These rows, as JSON.
    Rows(&'static str),
    /// A row for each of the cases of text.
    Text,
    /// [`NUMBERS`], with every digit.
    Numbers,
    /// 10,000 rows of 1,000 letters.
    Large,
    /// An error of one of these kinds, with these words in its message or in the connector's log.
    Error(&'static [ErrorKind], &'static str),
    /// The page is put off for 1,500 ms.
    RateLimited,
    /// The second page begins 100 ms after the first at the earliest.
    Waits,
    /// Lines of these levels in the log.
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

/// The rows of the table `numbers`, which a floating-point number holds none of.
pub(super) const NUMBERS: &str = r#"[
    {"id": 9007199254740992, "number": 9007199254740993},
    {"id": 9007199254740993, "number": -12345678901234567890},
    {"id": 3, "number": 0.12345678901234567891},
    {"id": 4, "number": 1234567890123456789.5}
]"#;

pub(crate) const CASES: [Case; 34] = [
    Case {
        table: "fields",
        does: "is described with the key columns id and part, and the fields id (int), name (string, \"none\" where it \
               lacks) and tags (described as [\"null\", \"string\"]); has no rows",
        expected: Expectation::Fields,
    },
    ids(
        "page_number",
        "GET BASE_URL/page-number?page=N, from 1 to the answer's `pages`; rows are its `items`",
    ),
    ids(
        "offset",
        "GET BASE_URL/offset?offset=N, from 0, further by the number of `items`, up to the answer's `total`",
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
        "GET BASE_URL/empty; rows are its `items`, none",
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
        "wants the variable NOT_SET: the error misconfigured, which names it",
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
        "ends in what the language does with an error that nobody catches, with \"the last words\"",
        &[ErrorKind::ConnectorFailed, ErrorKind::ConnectorCrashed],
        "the last words",
    ),
    Case {
        table: "wait",
        does: "a page with the row of id 1 and a wait of 100 ms, then one with id 2 and the end",
        expected: Expectation::Waits,
    },
    row(
        "sleep",
        "sleeps for 10 ms; one row with id 1 and `slept` true",
        r#"[{"id": 1, "slept": true}]"#,
    ),
    row(
        "sleep_past_the_page",
        "sleeps for an hour, which the page has no time for; one row with id 1 and `slept` false",
        r#"[{"id": 1, "slept": false}]"#,
    ),
    http_error(
        "http_denied",
        "GET https://denied.example.com/; one row with id 1 and `error`, as in the other tables of http",
        r#"[{"id": 1, "error": "denied"}]"#,
    ),
    http_error(
        "http_invalid",
        "GET of a URL that is none, such as \"no url\"",
        r#"[{"id": 1, "error": "invalid"}]"#,
    ),
    http_error(
        "http_credentials",
        "GET BASE_URL/empty with the credential `none`, which there is not",
        r#"[{"id": 1, "error": "credentials"}]"#,
    ),
    http_error(
        "http_timeout",
        "GET BASE_URL/slow with a time-out of 100 ms",
        r#"[{"id": 1, "error": "timeout"}]"#,
    ),
    http_error(
        "http_too_large",
        "GET BASE_URL/large, of 2 MiB",
        r#"[{"id": 1, "error": "too-large"}]"#,
    ),
    http_error(
        "http_over_limit",
        "GET BASE_URL/empty again and again until it fails",
        r#"[{"id": 1, "error": "over-limit"}]"#,
    ),
    http_error(
        "http_failed",
        "GET http://127.0.0.1:1/, where nobody listens",
        r#"[{"id": 1, "error": "failed"}]"#,
    ),
    http_error(
        "http_unavailable",
        "GET http://127.0.0.1:1/ again and again until the error is another than failed",
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
