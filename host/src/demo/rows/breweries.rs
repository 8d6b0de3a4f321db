//! Breweries.

use std::fmt::Arguments;

use serde::Serialize;

use super::draw::{Draw, Prose, WordList};
use super::json::{append, id};

#[derive(Serialize)]
struct Brewery<'a> {
    id: u64,
    name: Arguments<'a>,
    kind: &'a str,
    street: Arguments<'a>,
    city: &'a str,
    country: &'a str,
    website: Option<String>,
    founded: u32,
    location: Location,
    styles: WordList<'a>,
    open_to_visitors: bool,
    about: Prose<'a>,
}

#[derive(Serialize)]
struct Location {
    latitude: f64,
    longitude: f64,
}

/// Appends the brewery at `index`.
pub(super) fn write(index: u64, json: &mut Vec<u8>) {
    let draw = &mut Draw::new("breweries", index);
    let (city, country) = draw.pick(&PLACES).split_once(", ").unwrap_or_default();
    let brewery = Brewery {
        id: id(index),
        name: format_args!("{} {}", draw.pick(&OWNERS), draw.pick(&TRADES)),
        kind: draw.pick(&["micro", "regional", "brewpub", "contract"]),
        street: format_args!("{} {}", draw.between(1, 240), draw.pick(&STREETS)),
        city,
        country,
        website: (!draw.once_in(6)).then(|| format!("https://brewery-{}.example.com", id(index))),
        founded: draw.between(1780, 2022),
        location: Location {
            latitude: draw.tenths(355, 645),
            longitude: draw.tenths(0, 250),
        },
        styles: draw.pick_some(&STYLES, 4),
        open_to_visitors: draw.once_in(2),
        about: draw.prose(&STORIES, 3),
    };
    append(&brewery, json);
}

const PLACES: [&str; 8] = [
    "Ellon, Scotland",
    "København, Denmark",
    "Bamberg, Germany",
    "Ghent, Belgium",
    "Plzeň, Czechia",
    "Leeds, England",
    "Kraków, Poland",
    "Porto, Portugal",
];
const OWNERS: [&str; 9] = [
    "Alder & Sons",
    "Brown Bear",
    "Copper Kettle",
    "Dyer’s",
    "Eastgate",
    "Ferryman",
    "Granary",
    "Hillside",
    "Old Mill",
];
const TRADES: [&str; 4] = ["Brewery", "Brewing Company", "Ales", "Taproom"];
const STREETS: [&str; 5] = [
    "Canal Street",
    "Market Square",
    "Station Road",
    "Mill Lane",
    "Harbour Walk",
];
const STYLES: [&str; 8] = [
    "pale ale",
    "stout",
    "porter",
    "lager",
    "saison",
    "wheat beer",
    "sour",
    "barley wine",
];
const STORIES: [&str; 6] = [
    "The kettle came from a dairy that closed down the road, and still bears its name.",
    "Three friends began in a garage with second-hand tanks and a borrowed van.",
    "Water from its own well, barley from the neighbours and time make up the recipe.",
    "Every spring the brewers swap jobs for a week; the results are sold out by Monday.",
    "Four generations of one family have signed the beam above the mash tun.",
    "Spent grain feeds the pigs next door, which in turn feed the guests.",
];
