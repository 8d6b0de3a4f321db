//! Makes the host keep bytes by `wasi:http` and frees none, in the `way` that its state says, `times` times. With a
//! `url` it opens that many responses and reads the beginning of each; their number and the last error are its row.
//! With `handed over` it waits for none.
//! The host must charge all of it to the call: the call fails, and the host stays small.

use serde_json::{Value, json};
use std::mem::forget;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, OutgoingResponse, Scheme, http_error_code,
};
use wasip2::io::streams::{InputStream, StreamError};
use weld_test_guests::{Error, Page, connector, one_row};

/// The size of one write to a body, and of a field's value: nearly the maximum.
const WRITE_BYTES: usize = 64 << 10;
const VALUE_BYTES: usize = 60_000;

/// How many fields without a value one resource has: just beyond the point at which their map doubles.
const FIELDS: usize = 400;

/// Longer than any request's method or authority may be.
const LONG_BYTES: usize = 1 << 20;

fn fetch_page(_table: String, state: String) -> Result<Page, Error> {
    let wanted: Value =
        serde_json::from_str(&state).map_err(|error| Error::InvalidState(error.to_string()))?;
    let text = |key: &str| wanted.get(key).and_then(Value::as_str).unwrap_or_default();
    let times = wanted.get("times").and_then(Value::as_u64).unwrap_or(1);
    if text("way") == "handed over" {
        for _ in 0..times {
            forget(outgoing_handler::handle(
                sent(text("url")).map_err(Error::Other)?,
                None,
            ));
        }
        return one_row(&json!({ "refused": 0 }));
    }
    if !text("url").is_empty() {
        return one_row(&responses(text("url"), times));
    }
    let mut refused = 0;
    for _ in 0..times {
        refused += u64::from(!keep(text("way")));
    }
    one_row(&json!({ "refused": refused }))
}

/// False if the host refuses it with an error of the interface.
fn keep(way: &str) -> bool {
    match way {
        "bodies" => {
            let request = request(Fields::new());
            let begun = request.body();
            forget(request);
            begun.is_ok_and(fill)
        }
        "bodies of responses" => {
            let response = OutgoingResponse::new(Fields::new());
            let begun = response.body();
            forget(response);
            begun.is_ok_and(fill)
        }
        "given fields" => {
            let list = [("x-long".to_owned(), vec![b'x'; VALUE_BYTES])];
            Fields::from_list(&list).map(forget).is_ok()
        }
        "small fields" => {
            let list: Vec<_> = (0..FIELDS)
                .map(|number| (format!("x-{number}"), Vec::new()))
                .collect();
            Fields::from_list(&list).map(forget).is_ok()
        }
        "appended fields" => {
            let fields = Fields::new();
            let appended = fields.append("x-long", &vec![b'x'; VALUE_BYTES]).is_ok();
            forget(fields);
            appended
        }
        "set fields" => {
            let fields = Fields::new();
            let set = fields.set("x-long", &[vec![b'x'; VALUE_BYTES]]).is_ok();
            forget(fields);
            set
        }
        "deleted fields" => emptied(|fields, name| fields.delete(name).is_ok()),
        "unset fields" => emptied(|fields, name| fields.set(name, &[]).is_ok()),
        "copied fields" => {
            let fields = Fields::new();
            let set = fields.set("x-long", &[vec![b'x'; VALUE_BYTES]]).is_ok();
            let request = request(fields);
            let copies = request.headers();
            for _ in 0..8 {
                forget(copies.clone());
            }
            set
        }
        "paths" => {
            let request = request(Fields::new());
            let path = format!("/{}", "x".repeat(VALUE_BYTES));
            let set = request.set_path_with_query(Some(&path)).is_ok();
            forget(request);
            set
        }
        "methods" => {
            let request = request(Fields::new());
            let set = request
                .set_method(&Method::Other("x".repeat(LONG_BYTES)))
                .is_ok();
            forget(request);
            set
        }
        "authorities" => {
            let request = request(Fields::new());
            let set = request.set_authority(Some(&"x".repeat(LONG_BYTES))).is_ok();
            forget(request);
            set
        }
        "given back" => {
            let request = request(Fields::new());
            let path = format!("/{}", "x".repeat(VALUE_BYTES));
            request.set_path_with_query(Some(&path)).is_ok()
                && request.body().is_ok_and(|body| {
                    drop(request);
                    let stream = body.write();
                    stream.is_ok()
                })
        }
        _ => false,
    }
}

/// Fields from which each value is removed again, if they could be created.
fn emptied(take: impl Fn(&Fields, &str) -> bool) -> bool {
    let list: Vec<_> = (0..FIELDS)
        .map(|number| (format!("x-{number}"), Vec::new()))
        .collect();
    let Ok(fields) = Fields::from_list(&list) else {
        return false;
    };
    let taken = list.iter().all(|(name, _)| take(&fields, name));
    forget(fields);
    taken
}

fn request(headers: Fields) -> OutgoingRequest {
    OutgoingRequest::new(headers)
}

fn fill(body: OutgoingBody) -> bool {
    let Ok(stream) = body.write() else {
        return false;
    };
    while stream.check_write().is_ok_and(|bytes| bytes > 0) {
        if stream.write(&vec![b'x'; WRITE_BYTES]).is_err() {
            return false;
        }
    }
    forget((body, stream));
    true
}

fn responses(url: &str, times: u64) -> Value {
    let mut open = Vec::new();
    let mut last = Value::Null;
    for _ in 0..times {
        match response(url) {
            Ok(response) => open.push(response),
            Err(error) => last = json!(error),
        }
    }
    json!({ "open": open.len(), "error": last })
}

type OpenResponse = (InputStream, IncomingBody, IncomingResponse);

fn sent(url: &str) -> Result<OutgoingRequest, String> {
    let (authority, path) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .ok_or("the URL is malformed")?;
    let request = OutgoingRequest::new(Fields::new());
    request
        .set_scheme(Some(&Scheme::Http))
        .and_then(|()| request.set_authority(Some(authority)))
        .and_then(|()| request.set_path_with_query(Some(&format!("/{path}"))))
        .map_err(|()| "the URL is malformed")?;
    Ok(request)
}

fn response(url: &str) -> Result<OpenResponse, String> {
    let said = |code: ErrorCode| format!("{code:?}");
    let future: FutureIncomingResponse =
        outgoing_handler::handle(sent(url)?, None).map_err(said)?;
    future.subscribe().block();
    let response = future
        .get()
        .and_then(Result::ok)
        .ok_or("no answer")?
        .map_err(said)?;
    let body = response.consume().map_err(|()| "no body")?;
    let stream = body.stream().map_err(|()| "no stream")?;
    match stream.blocking_read(1) {
        Ok(_) => Ok((stream, body, response)),
        Err(StreamError::Closed) => Err("it has ended".to_owned()),
        Err(StreamError::LastOperationFailed(error)) => {
            let known = http_error_code(&error).map(said);
            Err(format!("{known:?}: {}", error.to_debug_string()))
        }
    }
}

connector!(fetch_page);
