//! A demo API on a real socket: five tables of a beer shop, each with a different way of paging, with a token and a
//! quota.
//!
//! This room contains the API behind the example connector, and that connector itself. It uses no other part of the
//! host.
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
//! - Every parameter is optional. A page has at most 80 beers, or at most 100 rows of another table.
//! - `updated_since` selects orders from that time on, inclusive. With `after_id`, the orders after that order of that
//!   time.
//! - A change without `at` gets a time two minutes after the newest one in the table.
//! - All requests except `/_stats` need the token, as `Authorization: Bearer TOKEN` or `api_token=TOKEN`, and count
//!   against the quota. The headers `x-ratelimit-limit`, `x-ratelimit-remaining` and `x-ratelimit-reset` (in seconds)
//!   show it. Calls beyond the quota get 429 with `Retry-After`.
//! - Errors are `{"error": TEXT}`.

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
