//! A request that must be refused, whichever import it uses.

use super::canary::REDIRECT;
use super::world::{IMPORTS, PUBLIC, World};
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};

/// The name at which [`Attempt::redirected`] begins. It resolves to [`PUBLIC`].
const START: &str = "start.example.com";

/// A request, and why it must be refused.
pub(crate) struct Attempt {
    config: &'static str,
    request: Value,
    /// The addresses of a name, if it doesn't resolve to [`PUBLIC`].
    answers: Option<(String, Vec<IpAddr>)>,
    /// The target of the first response's redirect.
    location: Option<String>,
    refused: RefusedBy,
    /// Whether the request can't be expressed in `wasi:http`.
    is_beyond_wasi: bool,
}

/// Why a request is refused.
#[derive(Clone, Copy)]
pub(crate) enum RefusedBy {
    /// No rule allows it.
    Rule,
    /// Its name resolves to an address of this kind.
    Address(&'static str),
    /// It is malformed; the text is part of the message.
    Form(&'static str),
}

impl Attempt {
    /// A GET by a connector with this configuration.
    pub(crate) fn get(config: &'static str, url: &str, refused: RefusedBy) -> Self {
        Self::request(config, json!({ "url": url }), refused)
    }

    /// Any request.
    pub(crate) fn request(config: &'static str, request: Value, refused: RefusedBy) -> Self {
        Self {
            config,
            request,
            answers: None,
            location: None,
            refused,
            is_beyond_wasi: false,
        }
    }

    /// A GET to a name that resolves to these addresses.
    pub(crate) fn resolved(
        config: &'static str,
        name: &str,
        addresses: &[&str],
        refused: RefusedBy,
    ) -> Self {
        Self::get(config, &format!("http://{name}/"), refused).with_name(name, addresses)
    }

    /// A GET whose response redirects elsewhere.
    pub(crate) fn redirected(config: &'static str, location: &str, refused: RefusedBy) -> Self {
        Self {
            location: Some(location.to_owned()),
            ..Self::get(config, &format!("http://{START}{REDIRECT}"), refused)
        }
    }

    /// Sets the addresses that a name resolves to.
    pub(crate) fn with_name(self, name: &str, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|address| ip(address)).collect();
        Self {
            answers: Some((name.to_owned(), addresses)),
            ..self
        }
    }

    /// Marks a request that the guest can't even build for `wasi:http`: a refusal of its form.
    pub(crate) fn beyond_wasi(self) -> Self {
        Self {
            is_beyond_wasi: true,
            ..self
        }
    }

    /// Sends it by both imports. Returns what went wrong.
    pub(crate) fn make(&self, world: &World) -> Vec<String> {
        IMPORTS
            .iter()
            .filter_map(|(import, _)| self.make_by(world, import).err())
            .collect()
    }

    fn make_by(&self, world: &World, import: &str) -> Result<(), String> {
        world.forget();
        if let Some((name, addresses)) = &self.answers {
            world.network.answer(name, std::slice::from_ref(addresses));
        }
        if let Some(location) = &self.location {
            world.canary.redirect_to(location);
        }
        let row = world.ask(self.config, import, &self.request);
        let mut shown = format!("{} {} by {import}", self.config, self.request);
        if let Some(place) = &self.location {
            shown.push_str(&format!(" to {place:?}"));
        }
        shown.truncate(300);
        let (word, text) = self.expected(import);
        let detail = row["detail"].as_str().unwrap_or_default();
        if row["error"] != word || !detail.contains(text) {
            return Err(format!("{shown}: expected {word}, {text:?}, but {row}"));
        }
        // The first response of a redirect came from the expected place.
        let reached: Vec<SocketAddr> = self
            .location
            .iter()
            .map(|_| SocketAddr::new(PUBLIC, 80))
            .collect();
        let dialed = world.network.dialed();
        if dialed != reached {
            return Err(format!("{shown}: dialed {dialed:?}"));
        }
        let received = world.canary.received();
        let first = format!("GET {REDIRECT}");
        if received.len() != reached.len() || received.iter().any(|request| request.line != first) {
            return Err(format!("{shown}: sent {received:?}"));
        }
        Ok(())
    }

    /// The error as the guest sees it, and a part of its message.
    fn expected(&self, import: &str) -> (&'static str, &'static str) {
        match (self.refused, import) {
            (_, "wasi") if self.is_beyond_wasi => ("invalid", ""),
            (RefusedBy::Rule, "wasi") => ("denied", "HttpRequestDenied"),
            (RefusedBy::Address(_), "wasi") => ("denied", "DestinationIpProhibited"),
            (RefusedBy::Form(_), "wasi") => ("invalid", ""),
            (RefusedBy::Rule, _) => ("denied", "no rule allows"),
            (RefusedBy::Address(what), _) => ("denied", what),
            (RefusedBy::Form(what), _) => ("invalid", what),
        }
    }
}

/// An address from its text.
pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}
