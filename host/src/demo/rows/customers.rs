//! Customers of the shop that sells the beers.

use std::fmt::Arguments;

use serde::Serialize;

use super::draw::{Draw, Prose, WordList};
use super::json::{append, id};

#[derive(Serialize)]
struct Customer<'a> {
    id: u64,
    name: Arguments<'a>,
    email: Arguments<'a>,
    phone: Option<String>,
    address: PostalAddress<'a>,
    favourite_styles: WordList<'a>,
    loyalty_points: u32,
    /// Left out if the customer was never asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    newsletter: Option<bool>,
    about: Prose<'a>,
    created_at: Arguments<'a>,
}

#[derive(Serialize)]
struct PostalAddress<'a> {
    city: &'a str,
    postcode: String,
    street: String,
}

/// Appends the customer at `index`.
pub(super) fn write(index: u64, json: &mut Vec<u8>) {
    let draw = &mut Draw::new("customers", index);
    let customer = Customer {
        id: id(index),
        name: format_args!("{} {}", draw.pick(&FIRST_NAMES), draw.pick(&LAST_NAMES)),
        email: format_args!("customer.{}@example.com", id(index)),
        phone: (!draw.once_in(5)).then(|| {
            format!(
                "+45 {} {}",
                draw.between(2000, 9999),
                draw.between(1000, 9999)
            )
        }),
        address: PostalAddress {
            street: format!("{} {}", draw.pick(&STREETS), draw.between(1, 180)),
            city: draw.pick(&CITIES),
            postcode: draw.between(1000, 9990).to_string(),
        },
        favourite_styles: draw.pick_some(
            &["pale ale", "stout", "porter", "lager", "saison", "sour"],
            2,
        ),
        loyalty_points: draw.between(0, 25_000),
        newsletter: (!draw.once_in(4)).then(|| draw.once_in(2)),
        about: draw.prose(&NOTES, 4),
        created_at: format_args!("{}", draw.time()),
    };
    append(&customer, json);
}

const FIRST_NAMES: [&str; 10] = [
    "Ana", "Bjørn", "Chloé", "Dmitri", "Elif", "Femi", "Grace", "Haruto", "Inés", "Jakub",
];
const LAST_NAMES: [&str; 10] = [
    "Andersen", "Brown", "Çelik", "Dubois", "Eze", "Fischer", "García", "Kowalski", "Müller",
    "Tanaka",
];
const STREETS: [&str; 5] = [
    "Nørregade",
    "Vestergade",
    "Bakkevej",
    "Strandvejen",
    "Skolegade",
];
const CITIES: [&str; 5] = ["København", "Aarhus", "Odense", "Aalborg", "Esbjerg"];
const NOTES: [&str; 7] = [
    "Prefers delivery on Thursdays, after five.",
    "Asks for bottles rather than cans and returns every crate.",
    "Found the shop through a friend’s birthday present.",
    "Orders the same stout each winter and something new each summer.",
    "Would like to know when the saison is back.",
    "Leaves parcels with the neighbour on the second floor.",
    "Runs a small pub and buys for its six taps.",
];
