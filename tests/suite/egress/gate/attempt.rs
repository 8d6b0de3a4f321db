//! One request that must be refused, by whichever import it comes.

use super::canary::REDIRECT;
use super::world::{IMPORTS, PUBLIC, World};
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};

/// The name that [`Attempt::redirected`] begins at. It means [`PUBLIC`].
const START: &str = "start.example.com";

/// A request, and why it is refused.
pub(crate) struct Attempt {
    config: &'static str,
    request: Value,
    /// What a name means, if not [`PUBLIC`].
    answers: Option<(String, Vec<IpAddr>)>,
    /// Where the first response leads to.
    location: Option<String>,
    refused: RefusedBy,
    /// Whether `wasi:http` has no way to say it.
    is_beyond_wasi: bool,
}

/// Why a request is refused.
#[derive(Clone, Copy)]
pub(crate) enum RefusedBy {
    /// No rule allows it.
    Rule,
    /// Its name leads to an address that is this.
    Address(&'static str),
    /// It is malformed: what is said of it.
    Form(&'static str),
}

impl Attempt {
    /// A GET that a connector of this configuration makes.
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

    /// A GET to a name that means these addresses.
    pub(crate) fn resolved(
        config: &'static str,
        name: &str,
        addresses: &[&str],
        refused: RefusedBy,
    ) -> Self {
        Self::get(config, &format!("http://{name}/"), refused).with_name(name, addresses)
    }

    /// A GET whose response leads to another place.
    pub(crate) fn redirected(config: &'static str, location: &str, refused: RefusedBy) -> Self {
        Self {
            location: Some(location.to_owned()),
            ..Self::get(config, &format!("http://{START}{REDIRECT}"), refused)
        }
    }

    /// With a name that means these addresses.
    pub(crate) fn with_name(self, name: &str, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|address| ip(address)).collect();
        Self {
            answers: Some((name.to_owned(), addresses)),
            ..self
        }
    }

    /// With a request that the guest can't even put together for `wasi:http`: a refusal of its form.
    pub(crate) fn beyond_wasi(self) -> Self {
        Self {
            is_beyond_wasi: true,
            ..self
        }
    }

    /// Makes it by both imports. Answers what went wrong.
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
        // The first response of a redirect came from where it should.
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

    /// The guest's word, and a part of what it was told.
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
