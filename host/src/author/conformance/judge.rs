//! Checks whether a table has the result that its case expects. A failure is a message for the author of the kit.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use weld_protocol::{ErrorKind, FieldType, Pending, Table};

use super::cases::{Case, Expectation, NUMBERS};
use super::log_line::LogLine;
use super::read::{ReadFault, TableContent, read_table};
use super::texts;
use crate::report;
use crate::sync::ConnectorClient;

/// How many bytes of a value are shown.
const SHOWN_BYTES: usize = 300;

const LARGE_ROWS: usize = 10_000;
const LARGE_TEXT: usize = 1_000;

const RATE_LIMIT: Duration = Duration::from_millis(1_500);
const WAIT: Duration = Duration::from_millis(100);

pub(super) async fn judge(
    client: &ConnectorClient,
    tables: &[Table],
    case: &Case,
    lines: &impl Fn() -> Vec<LogLine>,
) -> Result<(), String> {
    let table = tables.iter().find(|table| table.name == case.table);
    let table = table.ok_or("the schema has no such table")?;
    match &case.expected {
        Expectation::Fields => fields(table),
        Expectation::Ids { count, pages } => ids(&read(client, case).await?, *count, *pages),
        Expectation::Rows(expected) => rows(&read(client, case).await?, expected),
        Expectation::Text => text_rows(&read(client, case).await?),
        Expectation::Numbers => numbers(&read(client, case).await?),
        Expectation::Large => large(&read(client, case).await?),
        Expectation::Error(kinds, words) => match read_table(client, case.table).await {
            Err(ReadFault::Request(error)) => {
                let message = report::chain(&error);
                refused(error.kind(), &message, kinds, words, &lines())
            }
            Err(other) => Err(other.message()),
            Ok(_) => Err("there is a page instead of an error".to_owned()),
        },
        Expectation::RateLimited => rate_limited(client, case).await,
        Expectation::Waits => waits(client, case).await,
        Expectation::Lines(expected) => {
            read(client, case).await?;
            logged(&lines(), expected)
        }
    }
}

async fn read(client: &ConnectorClient, case: &Case) -> Result<TableContent, String> {
    read_table(client, case.table)
        .await
        .map_err(|fault| fault.message())
}

fn fields(table: &Table) -> Result<(), String> {
    if table.primary_key != ["id", "part"] {
        return Err(format!("the primary key is {:?}", table.primary_key));
    }
    let shown: Vec<_> = table
        .fields
        .iter()
        .map(|field| {
            let field_type = match &field.field_type {
                FieldType::Named(name) => name.clone(),
                FieldType::Described(json) => json.replace(' ', ""),
            };
            (field.name.as_str(), field_type, field.default.as_deref())
        })
        .collect();
    let expected = [
        ("id", "int".to_owned(), None),
        ("name", "string".to_owned(), Some("\"none\"")),
        ("tags", r#"["null","string"]"#.to_owned(), None),
    ];
    if shown != expected {
        return Err(format!("the fields are {shown:?}"));
    }
    Ok(())
}

fn parse(row: &RawValue) -> Result<Value, String> {
    serde_json::from_str(row.get()).map_err(|error| error.to_string())
}

fn ids(read: &TableContent, count: u64, pages: u64) -> Result<(), String> {
    let mut found = BTreeSet::new();
    for row in &read.rows {
        let row = parse(row)?;
        let id = row.get("id").and_then(Value::as_u64);
        found.insert(id.ok_or_else(|| format!("a row without an id: {row}"))?);
    }
    if found != (1..=count).collect() {
        return Err(format!("the ids are {found:?}, not 1 to {count}"));
    }
    if read.pages < pages {
        return Err(format!(
            "there are {} pages, but at least {pages} are expected",
            read.pages
        ));
    }
    Ok(())
}

fn rows(read: &TableContent, expected: &str) -> Result<(), String> {
    let found: Result<Vec<Value>, String> = read.rows.iter().map(|row| parse(row)).collect();
    let found = Value::Array(found?);
    let expected: Value = serde_json::from_str(expected).map_err(|error| error.to_string())?;
    if found != expected {
        let found = report::shortened(&found.to_string(), SHOWN_BYTES);
        return Err(format!("the rows are {found}"));
    }
    Ok(())
}

fn text_rows(read: &TableContent) -> Result<(), String> {
    let cases = texts::all();
    for (number, case) in (1_u64..).zip(&cases) {
        let mut found = read.rows.iter().map(|row| parse(row));
        let row = found.find_map(|row| {
            row.ok()
                .filter(|row| row.get("id").and_then(Value::as_u64) == Some(number))
        });
        let what = &case.what;
        let row = row.ok_or_else(|| format!("there is no row with id {number} ({what})"))?;
        let text = row.get("text").unwrap_or(&Value::Null);
        if text.as_str() != case.text.as_deref() {
            let (text, expected) = (shown(text), json!(case.text));
            return Err(format!(
                "row {number} ({what}) has the text {text}, not {expected}"
            ));
        }
    }
    if read.rows.len() != cases.len() {
        return Err(format!(
            "there are {} rows, not {}",
            read.rows.len(),
            cases.len()
        ));
    }
    Ok(())
}

fn shown(value: &Value) -> String {
    report::shortened(&value.to_string(), SHOWN_BYTES)
}

type ExactRow = BTreeMap<String, Box<RawValue>>;

fn numbers(read: &TableContent) -> Result<(), String> {
    let fields = |row: ExactRow| -> Vec<(String, String)> {
        row.into_iter()
            .map(|(name, value)| (name, value.get().to_owned()))
            .collect()
    };
    let expected: Vec<ExactRow> =
        serde_json::from_str(NUMBERS).map_err(|error| error.to_string())?;
    let found: Result<Vec<ExactRow>, _> = read
        .rows
        .iter()
        .map(|row| serde_json::from_str(row.get()))
        .collect();
    let found: Vec<_> = found
        .map_err(|error| error.to_string())?
        .into_iter()
        .map(fields)
        .collect();
    let expected: Vec<_> = expected.into_iter().map(fields).collect();
    if found != expected {
        let found = format!("{found:?}");
        return Err(format!(
            "the rows are {}",
            report::shortened(&found, SHOWN_BYTES)
        ));
    }
    Ok(())
}

fn large(read: &TableContent) -> Result<(), String> {
    if read.pages != 1 || read.rows.len() != LARGE_ROWS {
        let rows = read.rows.len();
        return Err(format!("there are {rows} rows on {} pages", read.pages));
    }
    for (row, id) in read.rows.iter().zip(1_u64..) {
        let row = parse(row)?;
        let text = row.get("text").and_then(Value::as_str).unwrap_or_default();
        let is_right = row.get("id").and_then(Value::as_u64) == Some(id)
            && text.len() == LARGE_TEXT
            && text.bytes().all(|byte| byte == b'x');
        if !is_right {
            return Err(format!("row {id} differs from the expected one"));
        }
    }
    Ok(())
}

fn refused(
    kind: Option<ErrorKind>,
    message: &str,
    kinds: &[ErrorKind],
    words: &str,
    lines: &[LogLine],
) -> Result<(), String> {
    if !kind.is_some_and(|kind| kinds.contains(&kind)) {
        return Err(message.to_owned());
    }
    let is_said = message.contains(words) || lines.iter().any(|line| line.text.contains(words));
    if !is_said {
        return Err(format!(
            "\"{words}\" is missing in the message and in the log: {message}"
        ));
    }
    Ok(())
}

async fn rate_limited(client: &ConnectorClient, case: &Case) -> Result<(), String> {
    let reply = client
        .page(case.table, RawValue::NULL)
        .await
        .map_err(|error| report::chain(&error))?;
    if reply.pending != Some(Pending::Waiting) {
        return Err("the page is not postponed".to_owned());
    }
    pause_of(&reply.page, RATE_LIMIT)
}

async fn waits(client: &ConnectorClient, case: &Case) -> Result<(), String> {
    let reply = client
        .page(case.table, RawValue::NULL)
        .await
        .map_err(|error| report::chain(&error))?;
    pause_of(&reply.page, WAIT)?;
    rows(&read(client, case).await?, r#"[{"id": 1}, {"id": 2}]"#)
}

fn pause_of(page: &weld_protocol::PageAnswer, expected: Duration) -> Result<(), String> {
    let waiting = page.waiting().ok_or("the state has no pause in it")?;
    let pause = waiting.not_before.duration_since(waiting.since);
    if pause.unsigned_abs() != expected {
        return Err(format!("the pause is {pause:?}, not {expected:?}"));
    }
    Ok(())
}

fn logged(lines: &[LogLine], expected: &[(&str, &str)]) -> Result<(), String> {
    for (level, text) in expected {
        let is_it = |line: &LogLine| line.level == *level && line.text.contains(text);
        if !lines.iter().any(is_it) {
            return Err(format!("the log has no line \"{text}\" at {level}"));
        }
    }
    Ok(())
}
