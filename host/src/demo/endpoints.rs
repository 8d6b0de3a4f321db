//! The endpoints of the tables, each with its own way of paging.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;

use super::error::DemoError;
use super::order_book::OrderBook;
use super::parameters::Parameters;
use super::rows::Table;
use crate::lock::Mutex;

const MAX_BEERS: u64 = 80;
const MAX_ROWS: u64 = 100;
const DEFAULT_BEERS: u64 = 25;
const DEFAULT_ROWS: u64 = 50;
/// Enough for nearly all pages; the buffer grows for larger ones.
const USUAL_PAGE_BYTES: usize = 128 * 1024;
const ANY: std::ops::RangeInclusive<u64> = 0..=u64::MAX;

/// Makes cursors opaque, so that clients can't compute them.
const CURSOR_MASK: u64 = 0x5EED_0B5C_A7E5_0000;

/// The state that the endpoints share.
pub(super) struct Catalog {
    scale: u32,
    orders: Mutex<OrderBook>,
    served: Mutex<BTreeMap<&'static str, TrafficCount>>,
}

/// What the GETs of a table have served.
#[derive(Default, Serialize)]
struct TrafficCount {
    requests: u64,
    rows: u64,
}

type EndpointResult = Result<Response, DemoError>;

impl Catalog {
    pub(super) fn new(scale: u32) -> Self {
        Self {
            scale,
            orders: Mutex::new(OrderBook::new(Table::Orders.count(scale))),
            served: Mutex::new(
                Table::ALL
                    .map(|table| (table.name(), TrafficCount::default()))
                    .into(),
            ),
        }
    }

    /// At most `limit` rows of `table`, starting at `start`, as a JSON array.
    fn page(&self, table: Table, start: u64, limit: u64) -> Vec<u8> {
        let end = start.saturating_add(limit).min(table.count(self.scale));
        self.array(table, start..end, |index, json| {
            table.write_row(index, json);
        })
    }

    /// A JSON array of rows, which `write` appends one by one.
    fn array<R>(
        &self,
        table: Table,
        rows: impl IntoIterator<Item = R>,
        write: impl Fn(R, &mut Vec<u8>),
    ) -> Vec<u8> {
        let mut json = Vec::with_capacity(USUAL_PAGE_BYTES);
        let mut count = 0;
        json.push(b'[');
        for row in rows {
            if count > 0 {
                json.push(b',');
            }
            write(row, &mut json);
            count += 1;
        }
        json.push(b']');
        let mut served = self.served.lock();
        let served = served.entry(table.name()).or_default();
        served.requests += 1;
        served.rows += count;
        json
    }
}

/// The endpoints that need the token.
pub(super) fn tables(tables: Arc<Catalog>) -> Router {
    Router::new()
        .route("/beers", get(beers))
        .route("/breweries", get(breweries))
        .route("/reviews", get(reviews))
        .route("/orders", get(orders).post(add_order))
        .route("/orders/{id}/touch", post(touch_order))
        .route("/customers", get(customers))
        .with_state(tables)
}

/// The endpoints that need no token.
pub(super) fn controls(tables: Arc<Catalog>) -> Router {
    Router::new()
        .route("/_stats", get(stats))
        .with_state(tables)
}

async fn beers(State(tables): State<Arc<Catalog>>, RawQuery(query): RawQuery) -> EndpointResult {
    let given = Parameters::read(query.as_deref(), &["page", "per_page"])?;
    let page = given.number("page", 1..=u64::MAX)?.unwrap_or(1);
    let per_page = given
        .number("per_page", 1..=MAX_BEERS)?
        .unwrap_or(DEFAULT_BEERS);
    let start = page.saturating_sub(1).saturating_mul(per_page);
    Ok(json(tables.page(Table::Beers, start, per_page)))
}

async fn breweries(
    State(tables): State<Arc<Catalog>>,
    RawQuery(query): RawQuery,
) -> EndpointResult {
    let given = Parameters::read(query.as_deref(), &["offset", "limit"])?;
    let offset = given.number("offset", ANY)?.unwrap_or(0);
    Ok(json(tables.page(Table::Breweries, offset, limit(&given)?)))
}

async fn reviews(State(tables): State<Arc<Catalog>>, RawQuery(query): RawQuery) -> EndpointResult {
    let given = Parameters::read(query.as_deref(), &["cursor", "limit"])?;
    let count = Table::Reviews.count(tables.scale);
    let start = match given.text("cursor") {
        None => 0,
        Some(cursor) => place_of(cursor)
            .filter(|place| (1..count).contains(place))
            .ok_or_else(|| DemoError::UnknownCursor {
                cursor: cursor.into(),
            })?,
    };
    let limit = limit(&given)?;
    let mut json_text = br#"{"reviews":"#.to_vec();
    json_text.append(&mut tables.page(Table::Reviews, start, limit));
    let next = start.saturating_add(limit);
    let next_cursor = if next < count {
        format!("\"{}\"", cursor_to(next))
    } else {
        "null".into()
    };
    json_text.extend_from_slice(format!(r#","next_cursor":{next_cursor}}}"#).as_bytes());
    Ok(json(json_text))
}

async fn orders(State(tables): State<Arc<Catalog>>, RawQuery(query): RawQuery) -> EndpointResult {
    let given = Parameters::read(query.as_deref(), &["updated_since", "after_id", "limit"])?;
    let from = match (
        given.time("updated_since")?,
        given.number("after_id", 1..=u64::MAX)?,
    ) {
        (None, None) => Bound::Unbounded,
        (Some(time), None) => Bound::Included((time, 0)),
        (Some(time), Some(id)) => Bound::Excluded((time, index_of(id))),
        (None, Some(_)) => return Err(DemoError::IdWithoutTime),
    };
    let limit = usize::try_from(limit(&given)?).unwrap_or(usize::MAX);
    let page = tables.orders.lock().page(from, limit);
    Ok(json(tables.array(Table::Orders, page, |order, json| {
        order.write(json);
    })))
}

async fn customers(
    State(tables): State<Arc<Catalog>>,
    RawQuery(query): RawQuery,
) -> EndpointResult {
    let given = Parameters::read(query.as_deref(), &["after_id", "limit"])?;
    // Ids begin at 1, so the last customer's id is the index of the next one.
    let start = given.number("after_id", ANY)?.unwrap_or(0);
    Ok(json(tables.page(Table::Customers, start, limit(&given)?)))
}

async fn add_order(
    State(tables): State<Arc<Catalog>>,
    RawQuery(query): RawQuery,
) -> EndpointResult {
    let at = Parameters::read(query.as_deref(), &["at"])?.time("at")?;
    let order = tables.orders.lock().add(at);
    Ok(json(order.row()))
}

async fn touch_order(
    State(tables): State<Arc<Catalog>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> EndpointResult {
    let at = Parameters::read(query.as_deref(), &["at"])?.time("at")?;
    let index = id.parse().ok().filter(|id| *id > 0).map(index_of);
    let order = index.and_then(|index| tables.orders.lock().touch(index, at));
    order
        .map(|order| json(order.row()))
        .ok_or(DemoError::NoOrder { id })
}

async fn stats(State(tables): State<Arc<Catalog>>) -> Response {
    json(serde_json::json!(*tables.served.lock()).to_string())
}

fn limit(given: &Parameters) -> Result<u64, DemoError> {
    Ok(given.number("limit", 1..=MAX_ROWS)?.unwrap_or(DEFAULT_ROWS))
}

fn index_of(id: u64) -> u64 {
    id.saturating_sub(1)
}

fn cursor_to(place: u64) -> String {
    format!(
        "{:016x}",
        place.wrapping_mul(3).rotate_left(23) ^ CURSOR_MASK
    )
}

fn place_of(cursor: &str) -> Option<u64> {
    let tripled = (u64::from_str_radix(cursor, 16).ok()? ^ CURSOR_MASK).rotate_right(23);
    let place = tripled / 3;
    (cursor == cursor_to(place)).then_some(place)
}

fn json(body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_can_be_decoded() {
        for place in [1, 80, 400, 400_000] {
            assert_eq!(place_of(&cursor_to(place)), Some(place));
        }
    }

    #[test]
    fn other_cursors_are_invalid() {
        let good = cursor_to(80);
        for cursor in ["", "80", "next", &good.to_uppercase(), &format!("+{good}")] {
            assert_eq!(place_of(cursor), None, "{cursor}");
        }
    }
}
