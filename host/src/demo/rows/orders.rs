//! Orders, the only table whose rows change.

use std::fmt::Arguments;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::draw::{Draw, Prose, after_start};
use super::json::{append, id, text};

/// The time between two changes.
pub(in crate::demo) const TICK: SignedDuration = SignedDuration::from_mins(2);
/// The number of unchanged orders with the same time. A client that continues after the time alone would lose some of
/// them.
const ORDERS_PER_TICK: u64 = 3;

/// An order, with the parts that can change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::demo) struct Order {
    /// The index, counted from 0; one less than the id.
    pub(in crate::demo) index: u64,
    /// Whole seconds.
    pub(in crate::demo) updated_at: Timestamp,
    /// The revision, counted from 1.
    pub(in crate::demo) revision: u32,
}

#[derive(Serialize)]
struct OrderRow<'a> {
    id: u64,
    customer_id: u32,
    status: &'a str,
    currency: &'a str,
    total: f64,
    items: Vec<Item<'a>>,
    ship_to: DeliveryAddress<'a>,
    note: Option<Prose<'a>>,
    revision: u32,
    created_at: Arguments<'a>,
    updated_at: Arguments<'a>,
}

#[derive(Serialize)]
struct Item<'a> {
    beer_id: u32,
    format: &'a str,
    name: &'a str,
    quantity: u32,
    unit_price: f64,
}

#[derive(Serialize)]
struct DeliveryAddress<'a> {
    postcode: String,
    street: Arguments<'a>,
}

/// The time at which the order at `index` was placed.
pub(in crate::demo) fn tick(index: u64) -> Timestamp {
    let ticks = i64::try_from(index / ORDERS_PER_TICK).unwrap_or(i64::MAX);
    after_start(SignedDuration::from_secs(
        ticks.saturating_mul(TICK.as_secs()),
    ))
}

impl Order {
    /// The order at `index` before any change.
    pub(in crate::demo) fn unchanged(index: u64) -> Self {
        Self {
            index,
            updated_at: tick(index),
            revision: 1,
        }
    }

    pub(in crate::demo) fn id(&self) -> u64 {
        id(self.index)
    }

    /// The order as JSON text.
    pub(in crate::demo) fn row(&self) -> String {
        text(|row| self.write(row))
    }

    /// Appends the order to a JSON text.
    pub(in crate::demo) fn write(&self, json: &mut Vec<u8>) {
        let draw = &mut Draw::new("orders", self.index);
        let count = draw.between(2, 5);
        let items: Vec<_> = (0..count).map(|_| item(draw)).collect();
        let row = OrderRow {
            id: self.id(),
            customer_id: draw.between(1, 290),
            status: if self.revision > 1 {
                "changed"
            } else {
                draw.pick(&["open", "paid", "shipped"])
            },
            currency: draw.pick(&["DKK", "EUR", "GBP"]),
            total: draw.tenths(100, 9_000),
            items,
            ship_to: DeliveryAddress {
                street: format_args!("{} {}", draw.pick(&STREETS), draw.between(1, 99)),
                postcode: draw.between(1_000, 9_990).to_string(),
            },
            note: draw.once_in(3).then(|| draw.prose(&NOTES, 2)),
            revision: self.revision,
            created_at: format_args!("{}", tick(self.index)),
            updated_at: format_args!("{}", self.updated_at),
        };
        append(&row, json);
    }
}

fn item(draw: &mut Draw) -> Item<'static> {
    Item {
        beer_id: draw.between(1, 325),
        name: draw.pick(&NAMES),
        format: draw.pick(&FORMATS),
        quantity: draw.between(1, 48),
        unit_price: draw.tenths(18, 90),
    }
}

const NAMES: [&str; 5] = [
    "Amber Fox",
    "Foggy Harbour",
    "Iron Lantern",
    "Midnight Comet",
    "Smoky Raven",
];
const FORMATS: [&str; 3] = ["bottle 330 ml", "can 440 ml", "keg 20 l"];
const STREETS: [&str; 3] = ["Nørregade", "Mill Lane", "Rua das Flores"];
const NOTES: [&str; 5] = [
    "Please ring twice.",
    "A present: no invoice in the parcel.",
    "The last crate came with a broken bottle, so mind the corners.",
    "Needed before the first of the month.",
    "Leave it behind the blue door.",
];
