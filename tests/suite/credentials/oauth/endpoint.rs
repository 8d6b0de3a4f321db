//! A server with a token endpoint at `/token`, and an API that accepts its tokens everywhere else.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use weld_host_tests::http::Message;
use weld_host_tests::upstream::{Exchange, Upstream};

/// The client's secret, with a character that forms escape.
pub(super) const SECRET: &str = "hunter2/hunter2";

/// The configuration of a client that requests tokens for itself.
pub(super) const KEYS: &str =
    "grant = \"client-credentials\"\nclient-id = \"weld\"\nclient-secret = \"hunter2/hunter2\"\n";

/// The answer to the request with this number, counted from 1.
pub(super) fn token(number: u32) -> String {
    format!(
        "{{\"access_token\": \"a-long-token-{number}\", \"token_type\": \"Bearer\", \"expires_in\": 3600}}"
    )
}

pub(super) struct Endpoint {
    pub(super) upstream: Upstream,
    /// The number of the first token that the API accepts.
    first_good: Arc<AtomicU32>,
}

/// The form in which a token was requested.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) authorization: Option<String>,
    fields: Vec<(String, String)>,
}

impl Form {
    fn of(request: &Message) -> Self {
        assert_eq!(request.method(), "POST");
        assert_eq!(
            request.header("content-type"),
            Some("application/x-www-form-urlencoded")
        );
        // A form has the syntax of a query.
        let url = reqwest::Url::parse(&format!("http://form/?{}", request.text())).unwrap();
        Self {
            authorization: request.header("authorization").map(str::to_owned),
            fields: url.query_pairs().into_owned().collect(),
        }
    }

    /// The value of a field; `None` unless it occurs exactly once.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|(have, _)| have == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// The names of all fields.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.fields.iter().map(|(name, _)| name.as_str()).collect()
    }
}

impl Endpoint {
    /// An endpoint that gives tokens, with an API that accepts `a-long-token-N` from a certain number on.
    pub(super) fn giving(token: impl Fn(u32) -> String + Send + Sync + 'static) -> Self {
        Self::scripted(move |number, exchange| exchange.answer(200, &[], token(number)))
    }

    /// An endpoint that answers with this script. The script gets the number of the request, counted from 1.
    pub(super) fn scripted(script: impl Fn(u32, &mut Exchange) + Send + Sync + 'static) -> Self {
        let first_good = Arc::new(AtomicU32::new(1));
        let first = first_good.clone();
        let endpoint = Self::answering(script, move |request, exchange| {
            let number = request
                .header("authorization")
                .and_then(|value| value.strip_prefix("Bearer a-long-token-"))
                .and_then(|number| number.parse::<u32>().ok());
            let is_good = number.is_some_and(|number| number >= first.load(Ordering::SeqCst));
            exchange.answer(if is_good { 200 } else { 401 }, &[], "{}");
        });
        Self {
            first_good,
            ..endpoint
        }
    }

    /// The same with its own API.
    pub(super) fn answering(
        script: impl Fn(u32, &mut Exchange) + Send + Sync + 'static,
        api: impl Fn(&Message, &mut Exchange) + Send + Sync + 'static,
    ) -> Self {
        let asked = AtomicU32::new(0);
        let upstream = Upstream::start(move |request, exchange| {
            if request.target() == "/token" {
                script(asked.fetch_add(1, Ordering::SeqCst) + 1, exchange);
            } else {
                api(request, exchange);
            }
        });
        Self {
            upstream,
            first_good: Arc::default(),
        }
    }

    /// From now on the API accepts no token before the one with this number.
    pub(super) fn revoke_before(&self, number: u32) {
        self.first_good.store(number, Ordering::SeqCst);
    }

    /// The connector's configuration with the credential `api`.
    pub(super) fn config(&self, keys: &str) -> String {
        let origin = self.upstream.origin();
        format!(
            "[network]\nallow = [\"{origin}\"]\n[auth.api]\nurls = [\"{origin}\"]\nkind = \"oauth2\"\ntoken-url = \"{origin}/token\"\n{keys}"
        )
    }

    fn requests(&self) -> Vec<Message> {
        let mut received = self.upstream.received();
        received.retain(|request| request.target() == "/token");
        received
    }

    /// How many times a token was requested.
    pub(super) fn asked(&self) -> usize {
        self.requests().len()
    }

    /// The forms in which tokens were requested.
    pub(super) fn forms(&self) -> Vec<Form> {
        self.requests().iter().map(Form::of).collect()
    }

    /// The requests to the API.
    pub(super) fn calls(&self) -> Vec<Message> {
        let mut received = self.upstream.received();
        received.retain(|request| request.target() != "/token");
        received
    }
}
