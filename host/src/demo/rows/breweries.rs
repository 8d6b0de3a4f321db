//! Breweries.

use serde::Serialize;
use serde_json::{Value, json};

use super::draw::Draw;
use super::{id, text};

#[derive(Serialize)]
struct Brewery<'a> {
    id: u64,
    name: String,
    kind: &'a str,
    street: String,
    city: &'a str,
    country: &'a str,
    website: Option<String>,
    founded: u32,
    location: Value,
    styles: Vec<&'a str>,
    open_to_visitors: bool,
    about: String,
}

/// The brewery at `index`.
pub(super) fn row(index: u64) -> String {
    let draw = &mut Draw::new("breweries", index);
    let (city, country) = draw.pick(&PLACES).split_once(", ").unwrap_or_default();
    text(&Brewery {
        id: id(index),
        name: format!("{} {}", draw.pick(&OWNERS), draw.pick(&TRADES)),
        kind: draw.pick(&["micro", "regional", "brewpub", "contract"]),
        street: format!("{} {}", draw.between(1, 240), draw.pick(&STREETS)),
        city,
        country,
        website: (!draw.once_in(6)).then(|| format!("https://brewery-{}.example.com", id(index))),
        founded: draw.between(1780, 2022),
        location: json!({ "latitude": draw.tenths(355, 645), "longitude": draw.tenths(0, 250) }),
        styles: draw.pick_some(&STYLES, 4),
        open_to_visitors: draw.once_in(2),
        about: draw.prose(&STORIES, 3),
    })
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
