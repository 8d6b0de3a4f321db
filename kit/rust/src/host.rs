//! The host's services for a connector: requests, pauses, variables, a log and a clock.

use std::fmt;
use std::time::Duration;

use crate::http::Request;
use crate::imports::Imports;
use crate::{Env, Level, OutOfTime, Time};

/// The host's services for a connector. In tests, a [`FakeHost`](crate::testing::FakeHost) takes its place.
pub struct Host {
    imports: Box<dyn Imports>,
}

impl fmt::Debug for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Host")
    }
}

impl Host {
    pub(crate) fn new(imports: impl Imports + 'static) -> Self {
        Self {
            imports: Box::new(imports),
        }
    }

    /// The connector's variables, from the section `[env]` of its configuration.
    #[must_use]
    pub fn env(&self) -> Env {
        Env::new(self.imports.environment())
    }

    /// Prepares a GET of `url`, which must be absolute.
    pub fn get(&self, url: impl Into<String>) -> Request<'_> {
        self.request("GET", url)
    }

    /// Prepares a POST to `url`, which must be absolute.
    pub fn post(&self, url: impl Into<String>) -> Request<'_> {
        self.request("POST", url)
    }

    /// Prepares a request with any method, such as `"PUT"`, to `url`, which must be absolute.
    pub fn request(&self, method: impl Into<String>, url: impl Into<String>) -> Request<'_> {
        Request::new(&*self.imports, method.into(), url.into())
    }

    /// Pauses within a page, without using a processor. For a pause between pages use
    /// [`Page::wait`](crate::Page::wait): it occupies no sandbox and survives a restart.
    ///
    /// # Errors
    ///
    /// [`OutOfTime`] if the page's time would end before the pause does. In this case it returns at once.
    pub fn sleep(&self, duration: Duration) -> Result<(), OutOfTime> {
        self.imports.sleep(duration)
    }

    /// Writes a line to the host's log, under the connector's name. The macros [`debug!`](crate::debug),
    /// [`info!`](crate::info), [`warn!`](crate::warn) and [`error!`](crate::error!) format it.
    pub fn log(&self, level: Level, message: &str) {
        self.imports.log(level, message);
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.imports.now()
    }
}
