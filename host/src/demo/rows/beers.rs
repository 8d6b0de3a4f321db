//! Beers, in the format of the Punk API, which Weld's guide uses.

use std::fmt::Arguments;

use serde::Serialize;

use super::draw::{Draw, Prose, WordList};
use super::json::{append, id};

#[derive(Serialize)]
struct Beer<'a> {
    id: u64,
    name: Arguments<'a>,
    tagline: &'a str,
    first_brewed: Arguments<'a>,
    description: Prose<'a>,
    image_url: Arguments<'a>,
    abv: f64,
    ibu: Option<f64>,
    target_fg: f64,
    target_og: f64,
    ebc: f64,
    srm: f64,
    ph: f64,
    attenuation_level: f64,
    volume: Amount<'a>,
    boil_volume: Amount<'a>,
    method: Method<'a>,
    ingredients: Ingredients<'a>,
    food_pairing: WordList<'a>,
    brewers_tips: &'a str,
    contributed_by: &'a str,
}

#[derive(Serialize)]
struct Amount<'a> {
    unit: &'a str,
    value: f64,
}

#[derive(Serialize)]
struct Method<'a> {
    fermentation: Fermentation<'a>,
    mash_temp: [Mash<'a>; 1],
    twist: Option<&'a str>,
}

#[derive(Serialize)]
struct Fermentation<'a> {
    temp: Amount<'a>,
}

#[derive(Serialize)]
struct Mash<'a> {
    duration: u32,
    temp: Amount<'a>,
}

#[derive(Serialize)]
struct Ingredients<'a> {
    hops: Vec<Hops<'a>>,
    malt: Vec<Malt<'a>>,
    yeast: &'a str,
}

#[derive(Serialize)]
struct Hops<'a> {
    add: &'a str,
    amount: Amount<'a>,
    attribute: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Malt<'a> {
    amount: Amount<'a>,
    name: &'a str,
}

/// Appends the beer at `index`.
pub(super) fn write(index: u64, json: &mut Vec<u8>) {
    let draw = &mut Draw::new("beers", index);
    let month = draw.between(1, 12);
    let year = draw.between(2007, 2022);
    let beer = Beer {
        id: id(index),
        name: format_args!("{} {}", draw.pick(&ADJECTIVES), draw.pick(&NOUNS)),
        tagline: draw.pick(&TAGLINES),
        first_brewed: format_args!("{month:02}/{year}"),
        description: draw.prose(&DESCRIPTIONS, 3),
        image_url: format_args!("https://images.punkapi.com/v2/{}.png", id(index)),
        abv: draw.tenths(35, 125),
        ibu: (!draw.once_in(20)).then(|| draw.tenths(80, 1200)),
        target_fg: draw.tenths(10_060, 10_200),
        target_og: draw.tenths(10_380, 10_980),
        ebc: draw.tenths(60, 800),
        srm: draw.tenths(30, 400),
        ph: draw.tenths(40, 52),
        attenuation_level: draw.tenths(700, 880),
        volume: amount(20.0, "litres"),
        boil_volume: amount(25.0, "litres"),
        method: method(draw),
        ingredients: ingredients(draw),
        food_pairing: draw.pick_some(&PAIRINGS, 3),
        brewers_tips: draw.pick(&TIPS),
        contributed_by: draw.pick(&CONTRIBUTORS),
    };
    append(&beer, json);
}

fn amount(value: f64, unit: &str) -> Amount<'_> {
    Amount { unit, value }
}

fn method(draw: &mut Draw) -> Method<'static> {
    // The fields are drawn in this order, but written in another.
    let mash = Mash {
        temp: amount(draw.tenths(620, 700), "celsius"),
        duration: draw.between(45, 90),
    };
    Method {
        mash_temp: [mash],
        fermentation: Fermentation {
            temp: amount(draw.tenths(90, 220), "celsius"),
        },
        twist: draw
            .once_in(4)
            .then_some("Aged on oak chips for three weeks"),
    }
}

fn ingredients(draw: &mut Draw) -> Ingredients<'static> {
    let malt = draw.pick_some(&MALTS, 2).iter().map(|name| Malt {
        name,
        amount: amount(draw.tenths(2, 60), "kilograms"),
    });
    let malt = malt.collect();
    let additions = [("start", "bitter"), ("middle", "flavour"), ("end", "aroma")];
    let hops = draw.pick_some(&HOPS, 3).iter().zip(additions);
    let hops = hops.map(|(name, (add, attribute))| Hops {
        name,
        amount: amount(draw.tenths(50, 500), "grams"),
        add,
        attribute,
    });
    Ingredients {
        malt,
        hops: hops.collect(),
        yeast: draw.pick(&YEASTS),
    }
}

const ADJECTIVES: [&str; 12] = [
    "Amber", "Bitter", "Crooked", "Drifting", "Electric", "Foggy", "Golden", "Hollow", "Iron",
    "Jaunty", "Midnight", "Smoky",
];
const NOUNS: [&str; 13] = [
    "Anchor", "Badger", "Comet", "Dog", "Ember", "Fox", "Harbour", "Jackdaw", "Kettle", "Lantern",
    "Meadow", "Raven", "Tide",
];
const TAGLINES: [&str; 6] = [
    "A real bitter experience.",
    "Hoppy to the last drop.",
    "Dark, slow and patient.",
    "Sunshine in a pint glass.",
    "Brewed for rainy evenings.",
    "Sour, salty and proud of it.",
];
const DESCRIPTIONS: [&str; 8] = [
    "A light, crisp ale whose grapefruit and pine give way to a dry, bready finish.",
    "Roasted barley brings coffee and dark chocolate, with a hint of liquorice behind them.",
    "Two kinds of American hops are added late, so that the aroma stays in the glass.",
    "It was first served at the brewery’s tenth birthday and has come back every autumn since.",
    "Wheat and oats make the body soft; coriander and orange peel keep it lively.",
    "Fermented cool for a month, it pours clear as a window and tastes of honey and hay.",
    "Smoked malt from Bamberg meets sea salt — an acquired taste, quickly acquired.",
    "The caramel sweetness of the malt is held in check by a firm, resinous bitterness.",
];
const MALTS: [&str; 7] = [
    "Maris Otter Extra Pale",
    "Caramalt",
    "Munich",
    "Propino Pale Malt",
    "Wheat Malt",
    "Dark Crystal 350-400",
    "Flaked Oats",
];
const HOPS: [&str; 9] = [
    "Fuggles",
    "First Gold",
    "Cascade",
    "Amarillo",
    "Simcoe",
    "Motueka",
    "Nelson Sauvin",
    "Saaz",
    "Hallertauer Mittelfrüh",
];
const YEASTS: [&str; 4] = [
    "Wyeast 1056 - American Ale™",
    "Wyeast 2007 - Pilsen Lager™",
    "Wyeast 3711 - French Saison™",
    "Wyeast 1272 - American Ale II™",
];
const PAIRINGS: [&str; 8] = [
    "Spicy chicken tikka masala",
    "Grilled lamb with rosemary",
    "Mussels with a garlic and herb sauce",
    "Crème brûlée",
    "Blue cheese on rye bread",
    "Smoked salmon and cream cheese bagel",
    "Lemon tart with raspberries",
    "Pulled pork in a soft bun",
];
const TIPS: [&str; 5] = [
    "Wrap the kettle in a towel to keep the temperature steady during the mash.",
    "Add half of the sugar before the boil and the rest shortly before it ends.",
    "Don’t be shy with the dry hops: leave them in for five days at 14 °C.",
    "Use soft water, or add a little gypsum to bring out the bitterness.",
    "Taste every day once the fermentation slows; stop when the smoke turns sweet.",
];
const CONTRIBUTORS: [&str; 3] = [
    "Sam Mason <samjbmason>",
    "Ali Skinner <AliSkinner>",
    "Jo Ward <joward>",
];
