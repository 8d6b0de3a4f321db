//! Weld's custom-connector protocol as plain values and bytes.
//!
//! A Weld connector is an HTTP function. Weld asks it for its schema, then for one page of one
//! table after another, and hands the state of each page back with the next request. This crate
//! reads and writes those messages and knows nothing of sockets, servers or sandboxes, so that a
//! server, a client and a component can share it:
//!
//! | message | a connector | a client |
//! |---|---|---|
//! | request for a page | [`PageRequest::parse`] | |
//! | page | [`Page::check`], [`PageText`] | [`read_page`] |
//! | schema | [`write_schema`] | [`read_schema`] |
//! | error | [`ErrorAnswer::write`] | [`read_error`] |
//!
//! Rows and states stay JSON *text*: they are checked on entry and passed on unchanged. So a number keeps every
//! digit, and a text of any size or depth is read only once.
//!
//! ```
//! use weld_protocol::{Page, PageRequest};
//!
//! let request = PageRequest::parse(br#"{"name": "beers", "state": {"page": 2}}"#)?;
//! assert_eq!(request.table, "beers");
//! assert_eq!(request.state.guest(), r#"{"page": 2}"#);
//!
//! let page = Page::check(r#"[{"id": 1}]"#.to_owned(), r#"{"page": 3}"#.to_owned(), true)?;
//! assert_eq!(page.rows(), 1);
//! assert_eq!(
//!     page.into_parts().into_chunks().concat(),
//!     r#"{"insert":[{"id": 1}],"state":{"page": 3},"hasMore":true}"#,
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod error;
mod headers;
mod json;
mod page;
mod page_text;
mod request;
mod request_error;
mod reserved_key;
mod schema;
mod state;
mod waiting;

pub use answer::{AnswerError, PageAnswer, read_error, read_page, read_schema};
pub use error::{ErrorAnswer, ErrorKind};
pub use headers::{MODE_HEADER, PENDING_HEADER, Pending, SCHEMA_MODE, WAITS_FOR_HEADER};
pub use json::{Decimal, JsonKind, SyntaxError, canonical_key};
pub use page::{Page, PageError};
pub use page_text::PageText;
pub use request::PageRequest;
pub use request_error::RequestError;
pub use reserved_key::RESERVED_KEY;
pub use schema::{Field, FieldType, MAX_NAME_BYTES, SchemaError, Table, write_schema};
pub use state::IncomingState;
pub use waiting::{Waiting, WaitingError, WaitingReason, with_waiting};
