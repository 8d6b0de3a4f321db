//! Upstreams that answer like connectors, so that a sync can receive any page.

use crate::gate::Gate;
use crate::upstream::Upstream;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The header of a JSON answer.
pub const JSON: (&str, &str) = ("content-type", "application/json");

/// A connector of two pages, without a key, so that a repeated page is noticed. The second page waits until it is
/// released.
pub struct TwoPages {
    /// The connector's server.
    pub upstream: Upstream,
    /// Opened by the first request for the second page.
    pub asked: Gate,
    /// Whether the second page is ready.
    pub ready: Arc<AtomicBool>,
}

impl TwoPages {
    /// Until the second page is ready, a request for it is answered as pending, or held if `holds`.
    pub fn start(holds: bool) -> Self {
        let (asked, ready) = (Gate::shut(), Arc::new(AtomicBool::new(false)));
        let (tell, is_ready) = (asked.clone(), Arc::clone(&ready));
        let upstream = Upstream::start(move |request, exchange| {
            let json = ("content-type", "application/json");
            if request.target().ends_with("/schema") {
                exchange.answer(200, &[json], r#"{"schema": {"rows": {}}}"#);
                return;
            }
            let state = request.json()["state"].clone();
            if state != json!({"page": 1}) {
                let page = json!({"insert": [{"id": 1}], "state": {"page": 1}, "hasMore": true});
                exchange.answer(200, &[json], page.to_string());
            } else if is_ready.load(Ordering::SeqCst) {
                let page = json!({"insert": [{"id": 2}], "state": {"page": 2}, "hasMore": false});
                exchange.answer(200, &[json], page.to_string());
            } else if holds {
                tell.open();
                exchange.wait_for_close();
            } else {
                let page = json!({"insert": [], "state": state, "hasMore": true});
                let pending = ("weld-host-pending", "waiting");
                exchange.answer(200, &[json, pending], page.to_string());
                tell.open();
            }
        });
        Self {
            upstream,
            asked,
            ready,
        }
    }
}

/// A connector with this schema. Its tables have these pages, each given as the JSON text of `insert`. The state
/// counts the pages answered so far, as [`state`] does.
pub fn paged(schema: &str, pages: &[&[u8]]) -> Upstream {
    let schema = schema.to_owned();
    let pages: Vec<Vec<u8>> = pages.iter().map(|&page| page.to_owned()).collect();
    Upstream::start(move |request, exchange| {
        if request.target().ends_with("/schema") {
            exchange.answer(200, &[JSON], &schema);
            return;
        }
        let number = request.json()["state"]["page"].as_u64().unwrap_or(0);
        let number = usize::try_from(number).expect("a number of pages");
        let (insert, next) = match pages.get(number) {
            Some(page) => (page.as_slice(), number + 1),
            None => (&b"[]"[..], number),
        };
        let rest = format!(
            r#", "state": {}, "hasMore": {}}}"#,
            state(next),
            next < pages.len()
        );
        exchange.answer(
            200,
            &[JSON],
            [br#"{"insert": "#, insert, rest.as_bytes()].concat(),
        );
    })
}

/// The state of a [`paged`] connector after this many pages.
pub fn state(pages: usize) -> String {
    format!(r#"{{"page": {pages}}}"#)
}
