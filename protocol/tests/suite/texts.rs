//! Generators of JSON texts. They don't use a serializer, so the texts differ in everything that JSON leaves open:
//! white space, spelling of strings, repeated names.
//!
//! Numbers have no exponent and only ASCII characters are escaped. So even after a mutation no number is too large
//! for `serde_json::Value` and no escape is half of a surrogate pair, and that type can decide what is JSON.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// White space around a value.
pub(crate) fn space() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", "", " ", "\n", "\t ", "\r\n  "])
}

/// A quoted string that spells this text, some of its ASCII characters escaped.
pub(crate) fn spelled(text: String) -> impl Strategy<Value = String> {
    let length = text.chars().count();
    vec(0..4_u8, length).prop_map(move |ways| {
        let spelled = text
            .chars()
            .zip(ways)
            .map(|(character, way)| match (character, way) {
                ('\0'..='\x7f', 0) => format!("\\u{:04x}", u32::from(character)),
                ('\0'..='\x7f', 1) => format!("\\u{:04X}", u32::from(character)),
                ('\0'..='\x1f', _) => format!("\\u{:04x}", u32::from(character)),
                ('"' | '\\' | '/', _) => format!("\\{character}"),
                _ => character.to_string(),
            });
        format!("\"{}\"", spelled.collect::<String>())
    })
}

/// A quoted string of any characters.
pub(crate) fn string() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..6).prop_flat_map(|characters| spelled(characters.into_iter().collect()))
}

/// The name of a member. There are few names, so that they repeat, and some of them have a meaning in the protocol.
pub(crate) fn name() -> impl Strategy<Value = String> {
    let known = select(vec!["a", "b", "", "name", "state", "insert", "hasMore"]);
    prop_oneof![
        known.prop_map(str::to_owned).prop_flat_map(spelled),
        string()
    ]
}

/// The reserved key in any spelling.
pub(crate) fn reserved_key() -> impl Strategy<Value = String> {
    spelled("weld-host".to_owned())
}

/// Any value.
pub(crate) fn value() -> impl Strategy<Value = String> {
    let plain = prop_oneof![
        select(vec!["null", "true", "false", "0", "-0.0"]).prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        "[1-9][0-9]{18,24}\\.[0-9]{1,24}",
        string(),
    ];
    plain.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            array(inner.clone(), 0..4),
            object(prop_oneof![9 => name(), 1 => reserved_key()], inner)
        ]
    })
}

/// An array of these elements.
pub(crate) fn array(
    element: impl Strategy<Value = String>,
    length: std::ops::Range<usize>,
) -> impl Strategy<Value = String> {
    (vec((space(), element, space()), length), space()).prop_map(|(elements, inside)| {
        let elements: Vec<_> = elements
            .iter()
            .map(|(before, text, after)| format!("{before}{text}{after}"))
            .collect();
        if elements.is_empty() {
            format!("[{inside}]")
        } else {
            format!("[{}]", elements.join(","))
        }
    })
}

/// An object of these members.
pub(crate) fn object(
    name: impl Strategy<Value = String>,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    vec((name, value), 0..4).prop_flat_map(spaced_object)
}

/// An object of these members, with any white space.
pub(crate) fn spaced_object(members: Vec<(String, String)>) -> impl Strategy<Value = String> {
    (
        vec([space(), space(), space(), space()], members.len()),
        space(),
    )
        .prop_map(move |(spaces, inside)| {
            let members: Vec<_> = members
                .iter()
                .zip(&spaces)
                .map(|((name, value), [a, b, c, d])| format!("{a}{name}{b}:{c}{value}{d}"))
                .collect();
            if members.is_empty() {
                format!("{{{inside}}}")
            } else {
                format!("{{{}}}", members.join(","))
            }
        })
}

/// The same text, sometimes with one character removed, repeated or replaced: then mostly no longer JSON, but nearly.
pub(crate) fn nearly(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let character = select(vec![
        '{', '}', '[', ']', ',', ':', '"', '\\', '0', '-', '.', ' ', '\u{1}', 'é',
    ]);
    (text, any::<Index>(), character, 0..6_u8).prop_map(|(text, index, character, change)| {
        let mut characters: Vec<_> = text.chars().collect();
        if characters.is_empty() {
            return text;
        }
        let index = index.index(characters.len());
        match change {
            0 => drop(characters.remove(index)),
            1 => characters.insert(index, characters.get(index).copied().unwrap_or(character)),
            2 => characters.insert(index, character),
            3 => drop(characters.splice(index..=index, [character])),
            _ => {}
        }
        characters.into_iter().collect()
    })
}
