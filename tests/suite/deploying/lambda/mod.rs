//! AWS Lambda: the real program as a function of a server that speaks the runtime API, with events of each source in the
//! form in which AWS documents them.

mod bad_events;
mod limits;
mod package;
mod sources;
mod starting;

use crate::{PROGRAM, cache_folder};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::io::Read;
use weld_host_tests::runtime_api::{Function, FunctionBuilder};

/// The key in the events.
const KEY: &str = "key-of-weld";

/// What sends requests to functions, by the names of the files with their events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    FunctionUrl,
    HttpApi,
    RestApi,
    LoadBalancer,
    LoadBalancerMultiValue,
}

impl Source {
    const ALL: [Self; 5] = [
        Self::FunctionUrl,
        Self::HttpApi,
        Self::RestApi,
        Self::LoadBalancer,
        Self::LoadBalancerMultiValue,
    ];

    /// A request for the page `rows` of the connector `guest`.
    fn event(self) -> Value {
        let text = match self {
            Self::FunctionUrl => include_str!("events/function_url.json"),
            Self::HttpApi => include_str!("events/http_api.json"),
            Self::RestApi => include_str!("events/rest_api.json"),
            Self::LoadBalancer => include_str!("events/load_balancer.json"),
            Self::LoadBalancerMultiValue => include_str!("events/load_balancer_multi_value.json"),
        };
        serde_json::from_str(text).unwrap()
    }

    fn is_version_2(self) -> bool {
        matches!(self, Self::FunctionUrl | Self::HttpApi)
    }

    /// A request with this method and path.
    fn request(self, method: &str, path: &str) -> Value {
        let mut event = self.event();
        let stage = match self {
            Self::HttpApi | Self::RestApi => "/prod",
            _ => "",
        };
        let with_stage = format!("{stage}{path}");
        if self.is_version_2() {
            event["rawPath"] = with_stage.clone().into();
            event["requestContext"]["http"]["path"] = with_stage.into();
            event["requestContext"]["http"]["method"] = method.into();
        } else {
            event["path"] = path.into();
            event["httpMethod"] = method.into();
            if self == Self::RestApi {
                event["requestContext"]["path"] = with_stage.into();
            }
        }
        event
    }

    /// A request for a page of the connector `guest`.
    fn page(self, table: &str, state: &Value) -> Value {
        let mut event = self.event();
        event["body"] = json!({"name": table, "state": state}).to_string().into();
        event
    }

    /// The event with this header, instead of others of the name.
    fn with_header(self, mut event: Value, name: &str, value: Option<&str>) -> Value {
        for (member, is_list) in [("headers", false), ("multiValueHeaders", true)] {
            let Some(headers) = event[member].as_object_mut() else {
                continue;
            };
            headers.retain(|have, _| !have.eq_ignore_ascii_case(name));
            if let Some(value) = value {
                let value = if is_list {
                    json!([value])
                } else {
                    json!(value)
                };
                headers.insert(name.to_owned(), value);
            }
        }
        event
    }
}

/// A function's answer, as its client gets it.
#[derive(Debug)]
struct Answer {
    status: u64,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn of(answer: &Value) -> Self {
        let single = answer["headers"].as_object().into_iter().flatten();
        let single = single.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
        let multiple = answer["multiValueHeaders"]
            .as_object()
            .into_iter()
            .flatten();
        let multiple = multiple.flat_map(|(name, values)| {
            let values = values.as_array().unwrap().iter();
            values.map(|value| (name.clone(), value.as_str().unwrap().to_owned()))
        });
        let body = answer["body"].as_str().unwrap();
        Self {
            status: answer["statusCode"].as_u64().unwrap(),
            headers: single.chain(multiple).collect(),
            body: match answer["isBase64Encoded"].as_bool().unwrap() {
                true => BASE64_STANDARD.decode(body).unwrap(),
                false => body.as_bytes().to_owned(),
            },
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The body without gzip.
    fn unzipped(&self) -> Value {
        assert_eq!(self.header("content-encoding"), Some("gzip"));
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&*self.body)
            .read_to_end(&mut plain)
            .unwrap();
        serde_json::from_slice(&plain).unwrap()
    }

    /// Checks status and kind of an error, and returns its message.
    fn error(&self, status: u64, kind: &str) -> String {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        let error = &self.json()["error"];
        assert_eq!(error["kind"], kind, "{text}");
        assert!(
            error["request_id"]
                .as_str()
                .unwrap()
                .starts_with("8476a536-")
        );
        error["message"].as_str().unwrap().to_owned()
    }
}

/// A function with a key, which shares the cache of all hosts.
fn function() -> FunctionBuilder {
    FunctionBuilder::new(PROGRAM)
        .variable("WELD_API_KEY", KEY)
        .variable("WELD_CACHE", cache_folder())
}

/// A running function with one connector, `guest`, with this configuration.
fn function_with(component: &str, toml: &str) -> Function {
    function()
        .plugin("guest", component)
        .config("guest", toml)
        .start()
}

/// The answer to an event.
fn answer(function: &Function, event: &Value) -> Answer {
    Answer::of(&function.invoke(event).response())
}

/// The only row of a page.
fn row(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    let page = answer.json();
    assert_eq!(page["insert"].as_array().map(Vec::len), Some(1), "{page}");
    page["insert"][0].clone()
}
