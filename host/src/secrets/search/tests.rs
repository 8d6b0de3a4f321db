use super::super::automaton::MAX_BYTES;
use super::*;

fn finder(secret: &str) -> Finder {
    Finder::new([(secret, "[]")].into_iter()).unwrap()
}

#[test]
fn every_mixture_of_spellings_fits() {
    let finder = finder("a/b \"%é");
    for text in [
        "a/b \"%é",
        "a%2Fb%20%22%25%C3%A9",
        "a%2fb+%22%25%c3%a9",
        "a\\/b \\\"%\\u00e9",
        "a\\u002Fb\\u0020\\u0022\\u0025\\u00E9",
        "%61/b+\"%25é",
    ] {
        assert_eq!(finder.replaced_text(text).as_deref(), Some("[]"), "{text}");
    }
    for text in ["a/b", "A/b \"%é", "a/b \"%e", "a%3Fb%20%22%25%C3%A9"] {
        assert_eq!(finder.replaced_text(text), None, "{text}");
    }
}

#[test]
fn base64_matches_at_every_position_of_a_group() {
    let finder = finder("secret-value");
    // `printf '%s' … | base64`: of "secret-value", "x:secret-value" and "xy:secret-value, and more".
    for (text, before) in [
        ("c2VjcmV0LXZhbHVl", ""),
        ("eDpzZWNyZXQtdmFsdWU=", "eDp"),
        ("eHk6c2VjcmV0LXZhbHVlLCBhbmQgbW9yZQ==", "eHk6"),
    ] {
        let replaced = finder.replaced_text(text).unwrap();
        assert!(replaced.starts_with(&format!("{before}[]")), "{replaced}");
    }
}

#[test]
fn a_text_that_ends_too_early_is_distinguished_from_a_mismatch() {
    let finder = finder("ab/cd");
    for (text, next) in [
        ("ab%2", Next::Unsure(0)),
        ("xab\\u00", Next::Unsure(1)),
        ("", Next::Nothing),
        ("ab%3", Next::Nothing),
        ("ab/cd", Next::Secret(0..5, "[]")),
    ] {
        assert_eq!(finder.search(text.as_bytes(), false).next(), next, "{text}");
    }
    assert_eq!(finder.search(b"ab%2", true).next(), Next::Nothing);
}

#[test]
fn states_are_created_again_once_they_take_too_much_memory() {
    let secret: String = (0_u32..4_000)
        .map(|place| char::from(b'a' + u8::try_from(place * 7_919 % 26).unwrap()))
        .collect();
    let spelled = |form: u32| -> String {
        let spell = |(place, letter): (u32, char)| match (place * 31 + form) % 7 % 3 {
            0 => letter.to_string(),
            1 => format!("%{:02x}", u32::from(letter)),
            _ => format!("\\u{:04x}", u32::from(letter)),
        };
        (0..).zip(secret.chars()).map(spell).collect()
    };
    let finder = finder(&secret);
    for form in 0..7 {
        assert_eq!(
            finder.replaced_text(&spelled(form)).as_deref(),
            Some("[]"),
            "{form}"
        );
    }
    let states = finder.states.lock();
    assert!(states.iter().all(|states| states.bytes() < 2 * MAX_BYTES));
}

#[test]
fn a_long_secret_is_one_match_and_its_long_pieces_are_secret_too() {
    let secret: String = (0_u32..3_000)
        .map(|place| char::from(b'a' + u8::try_from(place * place % 1_009 % 26).unwrap()))
        .collect();
    let finder = finder(&secret);
    let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &secret);
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for text in [&secret, &base64, &percent] {
        let text = format!("<{text}>");
        assert_eq!(
            finder.replaced_text(&text).as_deref(),
            Some("<[]>"),
            "{text}"
        );
    }
    let piece: String = secret.chars().skip(1_000).take(512).collect();
    let piece = format!("<{piece}>");
    let shown = finder.replaced_text(&piece).unwrap();
    assert!(
        shown.contains("[]") && shown.len() < piece.len() / 2,
        "{shown}"
    );
    let short: String = secret.chars().take(100).collect();
    assert_eq!(finder.replaced_text(&short), None);
}

/// If it were searched for as a whole, this would take minutes.
#[test]
fn a_long_secret_that_overlaps_itself_is_found_quickly() {
    for unit in ["t", "ab", "%2", "abcdefg"] {
        let secret = unit.repeat(64_000 / unit.len());
        let finder = finder(&secret);
        let text = format!("<{secret}{secret}> {unit}");
        let expected = format!("<[]> {unit}");
        assert_eq!(
            finder.replaced_text(&text).as_deref(),
            Some(&*expected),
            "{unit}"
        );
    }
}
