//! A demo API on a real socket: five tables of a beer shop, each paged in another way, with a token and a quota.
//!
//! Here belongs everything that the API behind the example connector does, and that connector itself. Of the host, this room uses nothing.
//!
//! | request | answer |
//! |---|---|
//! | `GET /beers?page=1&per_page=25` | `[ROW…]` by id |
//! | `GET /breweries?offset=0&limit=50` | `[ROW…]` by id |
//! | `GET /reviews?cursor=…&limit=50` | `{"reviews": [ROW…], "next_cursor": TEXT or null}` by id |
//! | `GET /orders?updated_since=TIME&after_id=ID&limit=50` | `[ROW…]` by `updated_at`, then id |
//! | `GET /customers?after_id=ID&limit=50` | `[ROW…]` by id |
//! | `POST /orders`, `POST /orders/ID/touch`, both with `?at=TIME` | the new or changed row |
//! | `GET /_stats` | `{TABLE: {"requests": N, "rows": N}}`: what the GETs above have served |
//!
//! - Every parameter may be left out. At most 80 beers come in a page, and at most 100 of the others.
//! - Orders come from `updated_since` on, that time included; with `after_id` as well, after that order of that time.
//! - A change without `at` gets a time of its own, two minutes after the newest in the table.
//! - All but `/_stats` takes the token, as `Authorization: Bearer TOKEN` or `api_token=TOKEN`, and costs one call of
//!   the quota, which the headers `x-ratelimit-limit`, `x-ratelimit-remaining` and `x-ratelimit-reset` (in seconds)
//!   tell. A call too many is answered 429 with `Retry-After`.
//! - What goes wrong is `{"error": TEXT}`.

mod access;
mod endpoints;
mod error;
mod example;
mod fixed_window;
mod order_book;
mod parameters;
mod rows;
mod server;
#[cfg(test)]
mod tests;

pub use example::EXAMPLE_CONNECTOR;
#[cfg(test)]
pub(crate) use fixed_window::FixedWindow;
pub use rows::Table;
pub use server::{DemoApi, DemoConfig};
