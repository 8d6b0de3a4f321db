//! A fake host for tests: `cargo test` runs a connector's logic without a server, a sandbox or a network.
//!
//! ```
//! use weld_connector::testing::{FakeHost, Reply};
//!
//! let host = FakeHost::new()
//!     .env("API_KEY", "secret")
//!     .reply(Reply::new(200).text("[]"));
//! let answer = host.get("https://api.example.com/shops").query("page", 1).send();
//! assert!(answer.unwrap().rows().unwrap().is_empty());
//! assert_eq!(host.requests()[0].query("page").as_deref(), Some("1"));
//! ```

#![allow(
    clippy::panic,
    reason = "a test with an incorrect setup must fail and say why"
)]

mod reply;
mod sent_request;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

pub use reply::Reply;
pub use sent_request::SentRequest;

use crate::http::{Incoming, Outgoing, without_query};
use crate::imports::Imports;
use crate::{Connector, Error, Host, HttpError, Level, OutOfTime, Page, PageRequest, Schema, Time};

/// The page limit of a sync. More pages than any test needs: a sync that reaches the limit is endless.
const MOST_PAGES: usize = 10_000;

/// A [`Host`] that gives the replies set by the test, and records the requests it received.
#[derive(Debug)]
pub struct FakeHost {
    host: Host,
    fake: Rc<Fake>,
}

#[derive(Debug)]
struct Fake {
    variables: RefCell<Vec<(String, String)>>,
    now: Cell<Time>,
    left: Cell<Option<Duration>>,
    routes: RefCell<Vec<Route>>,
    replies: RefCell<VecDeque<Result<Reply, HttpError>>>,
    requests: RefCell<Vec<SentRequest>>,
    sleeps: RefCell<Vec<Duration>>,
    logs: RefCell<Vec<(Level, String)>>,
}

#[derive(Debug)]
struct Route {
    method: String,
    url: String,
    reply: Reply,
}

impl Default for FakeHost {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeHost {
    /// Creates a host without variables and replies. Its clock shows 2024-06-01T00:00:00Z.
    #[must_use]
    pub fn new() -> Self {
        let fake = Rc::new(Fake {
            variables: RefCell::default(),
            now: Cell::new(Time::from_unix(1_717_200_000)),
            left: Cell::new(None),
            routes: RefCell::default(),
            replies: RefCell::default(),
            requests: RefCell::default(),
            sleeps: RefCell::default(),
            logs: RefCell::default(),
        });
        Self {
            host: Host::new(Rc::clone(&fake)),
            fake,
        }
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(self, name: &str, value: &str) -> Self {
        let variable = (name.to_owned(), value.to_owned());
        self.fake.variables.borrow_mut().push(variable);
        self
    }

    /// Sets the clock to a time in RFC 3339. It then moves only with [`Host::sleep`].
    ///
    /// # Panics
    ///
    /// If the text is not a valid time.
    #[must_use]
    pub fn at(self, time: &str) -> Self {
        let time = time.parse();
        self.fake
            .now
            .set(time.unwrap_or_else(|error| panic!("{error}")));
        self
    }

    /// Limits the page's time: longer sleeps fail.
    #[must_use]
    pub fn time_left(self, left: Duration) -> Self {
        self.fake.left.set(Some(left));
        self
    }

    /// Adds a reply for the next request that no route answers. Replies are used in the order added, each once.
    #[must_use]
    pub fn reply(self, reply: Reply) -> Self {
        self.fake.replies.borrow_mut().push_back(Ok(reply));
        self
    }

    /// Adds a failure for the next request that no route answers.
    #[must_use]
    pub fn failure(self, error: HttpError) -> Self {
        self.fake.replies.borrow_mut().push_back(Err(error));
        self
    }

    /// Answers each request with this method and URL. The request's query is ignored unless `url` has one.
    #[must_use]
    pub fn route(self, method: &str, url: &str, reply: Reply) -> Self {
        self.fake.routes.borrow_mut().push(Route {
            method: method.to_owned(),
            url: url.to_owned(),
            reply,
        });
        self
    }

    /// The requests received, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<SentRequest> {
        self.fake.requests.borrow().clone()
    }

    /// The pauses within pages, in order.
    #[must_use]
    pub fn sleeps(&self) -> Vec<Duration> {
        self.fake.sleeps.borrow().clone()
    }

    /// The log's lines, in order.
    #[must_use]
    pub fn logs(&self) -> Vec<(Level, String)> {
        self.fake.logs.borrow().clone()
    }

    /// Calls the connector's `schema`.
    ///
    /// # Errors
    ///
    /// Those of the connector.
    pub fn schema<C: Connector>(&self) -> Result<Schema, Error> {
        C::schema(self)
    }

    /// Fetches one page of a table; the state `{}` asks for the first.
    ///
    /// # Errors
    ///
    /// Those of the connector.
    pub fn page<C: Connector>(&self, table: &str, state: &str) -> Result<Page, Error> {
        C::fetch_page(self, &PageRequest::new(table, state))
    }

    /// Fetches all pages from `state` to the end of the sync.
    ///
    /// # Errors
    ///
    /// Those of the connector, and [`Error::Other`] if the sync doesn't end within 10,000 pages.
    pub fn sync<C: Connector>(&self, table: &str, state: &str) -> Result<Vec<Page>, Error> {
        let mut state = state.to_owned();
        let mut pages = Vec::new();
        while pages.len() < MOST_PAGES {
            let page = self.page::<C>(table, &state)?;
            page.state_json().clone_into(&mut state);
            let more = page.has_more();
            pages.push(page);
            if !more {
                return Ok(pages);
            }
        }
        Err(Error::Other(format!(
            "the sync of {table} has not ended after {MOST_PAGES} pages"
        )))
    }
}

impl Deref for FakeHost {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}

impl Fake {
    fn answer(&self, request: &SentRequest) -> Result<Reply, HttpError> {
        let routes = self.routes.borrow();
        let route = routes.iter().find(|route| {
            route.method == request.method
                && (route.url == request.url || route.url == without_query(&request.url))
        });
        if let Some(route) = route {
            return Ok(route.reply.clone());
        }
        let next = self.replies.borrow_mut().pop_front();
        next.unwrap_or_else(|| {
            let SentRequest { method, url, .. } = request;
            Err(HttpError::Failed(format!(
                "the fake host has no reply for {method} {url}"
            )))
        })
    }
}

impl Imports for Rc<Fake> {
    fn fetch(&self, request: &Outgoing) -> Result<Incoming, HttpError> {
        let request = SentRequest::from(request);
        let answer = self.answer(&request);
        let url = request.url.clone();
        self.requests.borrow_mut().push(request);
        Ok(answer?.into_incoming(url))
    }

    fn sleep(&self, duration: Duration) -> Result<(), OutOfTime> {
        if let Some(left) = self.left.get() {
            let rest = left.checked_sub(duration).ok_or(OutOfTime { left })?;
            self.left.set(Some(rest));
        }
        self.sleeps.borrow_mut().push(duration);
        self.now.set(self.now.get().after(duration));
        Ok(())
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.variables.borrow().clone()
    }

    fn log(&self, level: Level, message: &str) {
        self.logs.borrow_mut().push((level, message.to_owned()));
    }

    fn now(&self) -> Time {
        self.now.get()
    }
}

#[cfg(test)]
mod tests;
