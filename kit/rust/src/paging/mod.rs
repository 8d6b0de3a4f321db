//! The usual ways in which APIs page. Each is a state that says what to ask for and where the next page begins.
//!
//! A state's default is the start of a sync. Each type has a method `next` whose result goes to
//! [`Page::next`](crate::Page::next):
//! ```
//! # use weld_connector::{Error, Host, Page, PageRequest, paging::Offset};
//! const LIMIT: usize = 50;
//!
//! fn shops(host: &Host, request: &PageRequest) -> Result<Page, Error> {
//!     let at: Offset = request.state()?;
//!     let answer = host
//!         .get("https://api.example.com/shops")
//!         .query("offset", at.offset())
//!         .query("limit", LIMIT)
//!         .send()?
//!         .ok()?;
//!     let rows = answer.rows()?;
//!     let next = at.next(rows.len(), rows.len() >= LIMIT);
//!     Page::new(rows)?.next(&next)
//! }
//! ```

mod changes;
mod incremental;
mod place;

pub use changes::Changes;
pub use incremental::Incremental;
pub use place::{After, Cursor, Offset, PageNumber};

/// Where the next page begins, and whether it belongs to this sync.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Next<S> {
    /// The state for the next page or, after the last one, for the next sync.
    pub state: S,
    /// Whether another page follows.
    pub more: bool,
}

impl<S: Default> Next<S> {
    /// `state` if there is more; otherwise the default.
    fn or_default(state: S, more: bool) -> Self {
        let state = if more { state } else { S::default() };
        Self { state, more }
    }
}
