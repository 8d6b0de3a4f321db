//! The connector of `docs/conformance.md`, written without a kit. All cases must pass.

#[path = "../../../../kit/rust/src/http/charset.rs"]
mod charset;

use serde_json::{Value, json};
use weld_test_guests::{Error, Field, FieldType, Page, Table, connector, host, table};

const TABLES: [&str; 33] = [
    "page_number",
    "offset",
    "cursor",
    "keyset",
    "time_window",
    "empty",
    "unicode",
    "text",
    "numbers",
    "large",
    "environment",
    "missing_variable",
    "unknown_table",
    "misconfigured",
    "invalid_state",
    "unauthorized",
    "upstream",
    "other",
    "rate_limited",
    "uncaught",
    "wait",
    "sleep",
    "sleep_past_the_page",
    "http_denied",
    "http_invalid",
    "http_credentials",
    "http_timeout",
    "http_too_large",
    "http_over_limit",
    "http_failed",
    "http_unavailable",
    "http_echo",
    "logs",
];

const DAY: u64 = 86_400;
const OVERLAP: u64 = 3_600;
const LAST_DAY: u64 = 3 * DAY;

fn schema() -> Result<Vec<Table>, Error> {
    let field = |name: &str, type_, default: Option<&str>| Field {
        name: name.to_owned(),
        type_,
        default: default.map(str::to_owned),
    };
    let named = |name: &str| FieldType::Named(name.to_owned());
    let described = FieldType::Described(r#"["null", "string"]"#.to_owned());
    let mut tables = vec![Table {
        fields: vec![
            field("id", named("int"), None),
            field("name", named("string"), Some("\"none\"")),
            field("tags", described, None),
        ],
        ..table("fields", &["id", "part"])
    }];
    tables.extend(TABLES.iter().map(|name| table(name, &["id"])));
    Ok(tables)
}

fn fetch_page(table: String, state: String) -> Result<Page, Error> {
    let state: Value =
        serde_json::from_str(&state).map_err(|error| Error::InvalidState(error.to_string()))?;
    let at = |key: &str| state.get(key).and_then(Value::as_u64);
    let words = format!("words of {table}");
    match table.as_str() {
        "fields" => last(json!([])),
        "page_number" => {
            let page = at("page").unwrap_or(1);
            let answer = get(&format!("/page-number?page={page}"))?;
            let has_more = Some(page) < answer["pages"].as_u64();
            paged(&answer, json!({ "page": page + 1 }), has_more)
        }
        "offset" => {
            let offset = at("offset").unwrap_or(0);
            let answer = get(&format!("/offset?offset={offset}"))?;
            let next = offset + items(&answer).len() as u64;
            let has_more = Some(next) < answer["total"].as_u64();
            paged(&answer, json!({ "offset": next }), has_more)
        }
        "cursor" => {
            let answer = match state.get("cursor").and_then(Value::as_str) {
                Some(cursor) => get(&format!("/cursor?cursor={}", escaped(cursor)))?,
                None => get("/cursor")?,
            };
            let has_more = answer["next"].is_string();
            paged(&answer, json!({ "cursor": answer["next"] }), has_more)
        }
        "keyset" => {
            let after = at("after").unwrap_or(0);
            let answer = get(&format!("/keyset?after={after}"))?;
            let last = items(&answer).last().and_then(|item| item["id"].as_u64());
            let next = json!({ "after": last.unwrap_or(after) });
            paged(&answer, next, last.is_some())
        }
        "time_window" => {
            let begin = at("begin").unwrap_or(0);
            let (from, to) = (begin.saturating_sub(OVERLAP), begin + DAY);
            let answer = get(&format!("/time-window?from={from}&to={to}"))?;
            paged(&answer, json!({ "begin": to }), to < LAST_DAY)
        }
        "empty" | "unicode" => {
            let answer = get(&format!("/{table}"))?;
            paged(&answer, json!({}), false)
        }
        "text" => text_of_case(at("case").unwrap_or(1)),
        // Unchanged, since a `Value` would convert them to floating-point numbers.
        "numbers" => {
            let answer = fetched("/numbers")?;
            let items = answer
                .split_once(':')
                .and_then(|(_, rest)| rest.rsplit_once('}'))
                .map_or("", |(items, _)| items);
            weld_test_guests::last_page(items, "{}")
        }
        "large" => {
            let text = "x".repeat(1_000);
            let rows: Vec<Value> = (1..=10_000)
                .map(|id| json!({ "id": id, "text": text }))
                .collect();
            last(Value::Array(rows))
        }
        "environment" => last(json!([{ "id": 1, "greeting": std::env::var("GREETING").ok() }])),
        "missing_variable" => match std::env::var("NOT_SET") {
            Ok(_) => last(json!([])),
            Err(_) => Err(Error::Misconfigured("set NOT_SET".to_owned())),
        },
        "unknown_table" => Err(Error::UnknownTable),
        "misconfigured" => Err(Error::Misconfigured(words)),
        "invalid_state" => Err(Error::InvalidState(words)),
        "unauthorized" => Err(Error::Unauthorized(words)),
        "upstream" => Err(Error::Upstream(words)),
        "other" => Err(Error::Other(words)),
        "rate_limited" => Err(Error::RateLimited(Some(1_500))),
        "uncaught" => panic!("the last words"),
        "wait" if at("second").is_none() => Ok(Page {
            insert: r#"[{"id": 1}]"#.to_owned(),
            state: r#"{"second": 1}"#.to_owned(),
            has_more: true,
            wait: Some(100),
        }),
        "wait" => last(json!([{ "id": 2 }])),
        "sleep" => last(json!([{ "id": 1, "slept": host::sleep(10).is_ok() }])),
        "sleep_past_the_page" => {
            last(json!([{ "id": 1, "slept": host::sleep(3_600_000).is_ok() }]))
        }
        "http_denied" => failed(&request("https://denied.example.com/")),
        "http_invalid" => failed(&request("no url")),
        "http_credentials" => failed(&host::HttpRequest {
            credential: Some("none".to_owned()),
            ..request(&url("/empty"))
        }),
        "http_timeout" => failed(&host::HttpRequest {
            timeout: Some(100),
            ..request(&url("/slow"))
        }),
        "http_too_large" => failed(&request(&url("/large"))),
        "http_over_limit" => failed_at_last(&url("/empty"), ""),
        "http_failed" => failed(&request("http://127.0.0.1:1/")),
        "http_unavailable" => failed_at_last("http://127.0.0.1:1/", "failed"),
        "http_echo" => echo(),
        "logs" => {
            host::log(host::LogLevel::Debug, "at debug");
            host::log(host::LogLevel::Info, "at info");
            host::log(host::LogLevel::Warn, "at warn");
            host::log(host::LogLevel::Error, "at error");
            last(json!([]))
        }
        _ => Err(Error::UnknownTable),
    }
}

fn last(rows: Value) -> Result<Page, Error> {
    weld_test_guests::last_page(rows.to_string(), "{}")
}

fn paged(answer: &Value, state: Value, has_more: bool) -> Result<Page, Error> {
    Ok(Page {
        insert: answer["items"].to_string(),
        state: state.to_string(),
        has_more,
        wait: None,
    })
}

fn items(answer: &Value) -> &[Value] {
    answer["items"].as_array().map_or(&[], Vec::as_slice)
}

fn url(path: &str) -> String {
    format!("{}{path}", std::env::var("BASE_URL").unwrap_or_default())
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn request(url: &str) -> host::HttpRequest {
    host::HttpRequest {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        timeout: None,
        idempotent: None,
        credential: None,
    }
}

fn text(body: host::Body) -> String {
    match body {
        host::Body::Text(text) => text,
        host::Body::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// A row with the text of a body, decoded by the kit's own code.
fn text_of_case(number: u64) -> Result<Page, Error> {
    let response = host::http_fetch(&request(&url(&format!("/text?case={number}"))))
        .map_err(|error| Error::Upstream(format!("{error:?}")))?;
    if response.status == 404 {
        return last(json!([]));
    }
    let is_type = |header: &&(String, String)| header.0 == "content-type";
    let label = response.headers.iter().find(is_type);
    let label = label.and_then(|(_, value)| charset::declared(value));
    let bytes = match &response.body {
        host::Body::Text(text) => text.as_bytes(),
        host::Body::Bytes(bytes) => bytes,
    };
    let plain = std::str::from_utf8(bytes).ok();
    let text = match charset::decode(bytes, plain, label.as_deref()) {
        Ok(Some(text)) => Some(text),
        Ok(None) => plain.map(|text| text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()),
        Err(_) => None,
    };
    Ok(Page {
        insert: json!([{ "id": number, "text": text }]).to_string(),
        state: json!({ "case": number + 1 }).to_string(),
        has_more: true,
        wait: None,
    })
}

fn get(path: &str) -> Result<Value, Error> {
    serde_json::from_str(&fetched(path)?).map_err(|error| Error::Upstream(error.to_string()))
}

fn fetched(path: &str) -> Result<String, Error> {
    let response = host::http_fetch(&request(&url(path)))
        .map_err(|error| Error::Upstream(format!("{error:?}")))?;
    if response.status != 200 {
        return Err(Error::Upstream(format!(
            "{} {}",
            response.status,
            text(response.body)
        )));
    }
    Ok(text(response.body))
}

fn name(error: &host::HttpError) -> &'static str {
    match error {
        host::HttpError::Denied(_) => "denied",
        host::HttpError::Invalid(_) => "invalid",
        host::HttpError::Credentials(_) => "credentials",
        host::HttpError::Timeout => "timeout",
        host::HttpError::TooLarge => "too-large",
        host::HttpError::OverLimit(_) => "over-limit",
        host::HttpError::Unavailable(_) => "unavailable",
        host::HttpError::Failed(_) => "failed",
    }
}

fn failed(request: &host::HttpRequest) -> Result<Page, Error> {
    let outcome = host::http_fetch(request);
    last(json!([{ "id": 1, "error": outcome.err().as_ref().map(name) }]))
}

/// Sends requests until there is an error other than `but`.
fn failed_at_last(url: &str, but: &str) -> Result<Page, Error> {
    let error = (0..100)
        .filter_map(|_| host::http_fetch(&request(url)).err())
        .map(|error| name(&error))
        .find(|error| *error != but);
    last(json!([{ "id": 1, "error": error }]))
}

fn echo() -> Result<Page, Error> {
    let answered = host::http_fetch(&host::HttpRequest {
        method: "POST".to_owned(),
        headers: vec![("x-conformance".to_owned(), "yes".to_owned())],
        body: Some(host::Body::Text("héllo".to_owned())),
        ..request(&url("/echo"))
    })
    .map_err(|error| Error::Upstream(format!("{error:?}")))?;
    let status = answered.status;
    let mut row: Value = serde_json::from_str(&text(answered.body))
        .map_err(|error| Error::Upstream(error.to_string()))?;
    row["id"] = json!(1);
    row["status"] = json!(status);
    last(json!([row]))
}

connector!(schema, fetch_page);
