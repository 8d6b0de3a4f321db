//! Connectors for Weld ELT, written in Rust and run by `weld-host`.
//!
//! A connector is a type with two functions: one returns its schema, the other a page of a table. Each page leaves a
//! state, which Weld keeps and passes to the next call. This is a complete connector, tested without a host:
//!
//! ```
//! use weld_connector::paging::PageNumber;
//! use weld_connector::{Connector, Error, Host, Page, PageRequest, Schema, Table, fields};
//!
//! struct Shop;
//!
//! impl Connector for Shop {
//!     fn schema(_: &Host) -> Result<Schema, Error> {
//!         let products = Table::new("products")
//!             .key("id")
//!             .fields(fields! { id: int, name: string, price: double, sold_out: nullable datetime });
//!         Ok(Schema::new().table(products))
//!     }
//!
//!     fn fetch_page(host: &Host, request: &PageRequest) -> Result<Page, Error> {
//!         match request.table() {
//!             "products" => products(host, request),
//!             _ => Err(Error::UnknownTable),
//!         }
//!     }
//! }
//!
//! fn products(host: &Host, request: &PageRequest) -> Result<Page, Error> {
//!     let page: PageNumber = request.state()?;
//!     let answer = host
//!         .get("https://api.example.com/products")
//!         .query("page", page.number())
//!         .header("x-api-key", host.env().required("API_KEY")?)
//!         .send()?
//!         .ok()?;
//!     let rows = answer.rows()?;
//!     let next = page.next(!rows.is_empty());
//!     Page::new(rows)?.next(&next)
//! }
//!
//! weld_connector::export!(Shop);
//!
//! // In a test:
//! use weld_connector::testing::{FakeHost, Reply};
//!
//! let host = FakeHost::new()
//!     .env("API_KEY", "secret")
//!     .reply(Reply::new(200).text(r#"[{"id": 1, "price": 9.50}]"#))
//!     .reply(Reply::new(200).text("[]"));
//! let pages = host.sync::<Shop>("products", "{}")?;
//! assert_eq!(pages[0].rows_json(), r#"[{"id": 1, "price": 9.50}]"#);
//! assert_eq!(pages[0].state_json(), r#"{"next_page":2}"#);
//! assert!(!pages[1].has_more());
//! assert_eq!(host.requests()[1].query("page").as_deref(), Some("2"));
//! # Ok::<(), Error>(())
//! ```

mod connector;
mod env;
mod error;
mod export;
mod finite;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod guest;
mod host;
mod http;
mod imports;
mod level;
#[cfg(not(target_family = "wasm"))]
pub mod live;
mod log;
mod milliseconds;
mod number;
mod out_of_time;
mod page;
pub mod paging;
mod rows;
mod schema;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod time;

pub use connector::{Connector, PageRequest};
pub use env::Env;
pub use error::Error;
pub use finite::{Floating, finite_or_null};
pub use host::Host;
pub use http::{HttpError, Link, Quota, Request, Response, escape};
pub use level::Level;
pub use number::Number;
pub use out_of_time::OutOfTime;
pub use page::Page;
pub use rows::Rows;
pub use schema::{Field, Schema, Table, Type};
pub use time::{Time, TimeError};
