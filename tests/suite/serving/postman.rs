//! The Postman collection, sent from top to bottom as its description says: each request gets the answer in its
//! example.

use crate::host;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use weld_host_tests::demo_api::{Api, TOKEN, unlimited};
use weld_host_tests::host::Host;
use weld_host_tests::http::Message;

const KEY: &str = "a key of the test's own";

fn collection() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/weld.postman_collection.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn list<'a>(value: &'a Value, what: &str) -> &'a Vec<Value> {
    value[what]
        .as_array()
        .unwrap_or_else(|| panic!("no list {what} in {value}"))
}

fn text<'a>(value: &'a Value, what: &str) -> &'a str {
    value[what]
        .as_str()
        .unwrap_or_else(|| panic!("no text {what} in {value}"))
}

/// The collection's variables.
struct Variables(BTreeMap<String, String>);

impl Variables {
    fn of(collection: &Value) -> Self {
        let pair = |variable: &Value| {
            (
                text(variable, "key").to_owned(),
                text(variable, "value").to_owned(),
            )
        };
        Self(list(collection, "variable").iter().map(pair).collect())
    }

    /// Sets a variable that must exist in the collection.
    fn set(&mut self, name: &str, value: impl Into<String>) {
        let known = self.0.insert(name.to_owned(), value.into());
        assert!(known.is_some(), "the collection has no variable {name}");
    }

    fn fill(&self, template: &str) -> String {
        let filled = self
            .0
            .iter()
            .fold(template.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{{{name}}}}}"), value)
            });
        assert!(!filled.contains("{{"), "unknown variable in {filled}");
        filled
    }
}

fn send(host: &Host, request: &Value, variables: &Variables) -> Message {
    let url = variables.fill(text(&request["url"], "raw"));
    let origin = format!("http://{}", host.address());
    let target = url.strip_prefix(&origin).expect("the host's URL");
    let headers = list(request, "header").iter();
    let sent = headers.fold(
        host.request(text(request, "method"), target),
        |sent, header| sent.header(text(header, "key"), &variables.fill(text(header, "value"))),
    );
    match request.get("body") {
        Some(body) => sent.body(variables.fill(text(body, "raw"))),
        None => sent,
    }
    .send()
}

/// The names of an answer's members: an example's values are made up, its form is not.
fn form(body: &Value) -> Vec<&String> {
    let members = body.as_object().into_iter().flat_map(Map::keys);
    let of_the_error = body["error"].as_object().into_iter().flat_map(Map::keys);
    members.chain(of_the_error).collect()
}

#[test]
fn every_request_of_the_collection_gets_what_its_example_shows() {
    let api = Api::start(unlimited());
    let origin = format!("http://{}", api.address);
    let config = format!(
        "api-key = \"{KEY}\"\n[network]\nallow = [\"{origin}\"]\n[env]\nAPI_BASE_URL = \"{origin}\"\n\
         PAUSE_MS = \"0\"\nAPI_BEARER_TOKEN = \"{TOKEN}\""
    );
    let host = host().example(&config).start();
    let collection = collection();
    let mut variables = Variables::of(&collection);
    variables.set("url", format!("http://{}/beers", host.address()));
    variables.set("key", KEY);
    variables.set("table", "beers");

    let mut pages = Vec::new();
    for item in list(&collection, "item") {
        let name = text(item, "name");
        let answer = send(&host, &item["request"], &variables);
        let body = answer.json();
        let examples = list(item, "response");
        assert!(!examples.is_empty(), "{name} shows no answer");
        for example in examples {
            assert_eq!(
                example["code"],
                answer.status(),
                "{name}: {}",
                answer.text()
            );
            let shown: Value = serde_json::from_str(text(example, "body")).unwrap();
            assert_eq!(form(&shown), form(&body), "{name}");
            assert_eq!(shown["error"]["kind"], body["error"]["kind"], "{name}");
        }
        if body["state"].is_object() {
            variables.set("state", body["state"].to_string());
            pages.push(body["insert"].clone());
        }
    }
    assert!(pages.len() >= 2, "a first page and a next one");
    assert_ne!(pages[0], pages[1], "the second continues from the first");
}
