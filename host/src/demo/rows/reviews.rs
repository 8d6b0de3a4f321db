//! Reviews of beers.

use std::fmt::Arguments;

use serde::Serialize;

use super::draw::{Draw, Prose, WordList};
use super::json::{append, id};

#[derive(Serialize)]
struct Review<'a> {
    id: u64,
    beer_id: u32,
    customer_id: u32,
    stars: u32,
    title: &'a str,
    text: Option<Prose<'a>>,
    scores: Scores,
    tags: WordList<'a>,
    helpful_votes: u32,
    written_at: Arguments<'a>,
}

#[derive(Serialize)]
struct Scores {
    look: f64,
    smell: f64,
    taste: f64,
}

/// Appends the review at `index`.
pub(super) fn write(index: u64, json: &mut Vec<u8>) {
    let draw = &mut Draw::new("reviews", index);
    let review = Review {
        id: id(index),
        beer_id: draw.between(1, 325),
        customer_id: draw.between(1, 290),
        stars: draw.between(1, 5),
        title: draw.pick(&TITLES),
        text: (!draw.once_in(10)).then(|| draw.prose(&OPINIONS, 4)),
        scores: Scores {
            look: draw.tenths(10, 50),
            smell: draw.tenths(10, 50),
            taste: draw.tenths(10, 50),
        },
        tags: draw.pick_some(&TAGS, 3),
        helpful_votes: draw.between(0, 400),
        written_at: format_args!("{}", draw.time()),
    };
    append(&review, json);
}

const TITLES: [&str; 6] = [
    "Would drink again",
    "Not for me",
    "A classic, and rightly so",
    "Better from the cask",
    "My mother-in-law’s favourite",
    "“Interesting” is the word",
];
const OPINIONS: [&str; 8] = [
    "Pours a hazy orange with two fingers of foam that last until the end of the glass.",
    "Smells of mango and pine needles; there is something of a new tennis ball as well.",
    "The first sip is sweet, the second bitter, and by the third I had stopped counting.",
    "Goes well with anything from the grill, and rather badly with chocolate cake.",
    "The can says \"serve at 7 °C\", but it opens up nicely when it gets warmer.",
    "At this price I would expect more body and less fizz.",
    "I have had it fresh and a year old, and the year did it good.",
    "Bought six bottles; four are left, which says enough.",
];
const TAGS: [&str; 7] = ["fruity", "dry", "malty", "hazy", "smoky", "session", "gift"];
