//! Error chains, untrusted texts and digests in a form for people. A leaf, usable by all rooms.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

/// A size as configuration writes it: exact, in the largest unit that divides it, such as `64MiB`.
pub(crate) fn size_text(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    UNITS
        .iter()
        .find(|(factor, _)| bytes > 0 && bytes.is_multiple_of(*factor))
        .map_or_else(
            || format!("{bytes}B"),
            |(factor, unit)| format!("{}{unit}", bytes / factor),
        )
}

/// The size of something that exceeds a limit: rounded, unless it then looks like the limit itself.
pub(crate) fn size_beyond(bytes: u64, limit_bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let Some((factor, unit)) = UNITS.iter().find(|(factor, _)| bytes >= *factor) else {
        return format!("{bytes} bytes");
    };
    let tenths = (u128::from(bytes) * 10 + u128::from(factor / 2)) / u128::from(*factor);
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let text = match tenth {
        0 => format!("{whole}{unit}"),
        tenth => format!("{whole}.{tenth}{unit}"),
    };
    if text == size_text(limit_bytes) {
        format!("{bytes} bytes")
    } else {
        text
    }
}

/// Where a connector's settings are, unless the message names that file.
pub(crate) fn settings_file(file: &str, message: &str) -> String {
    if message.contains(file) {
        return String::new();
    }
    format!(" (its settings are in {file})")
}

/// Errors of libraries that say nothing which their cause doesn't say.
const WRAPPERS: [&str; 3] = [
    "client error (Connect)",
    "client error (SendRequest)",
    "error reading a body from connection",
];

/// Errors of libraries, in words for people.
const PLAIN_WORDS: [(&str, &str); 2] = [
    ("tcp connect error", "could not connect"),
    (
        "end of file before message length reached",
        "the body ended before its stated length",
    ),
];

/// An error and its causes on one line, outermost first, as log fields and answers carry them.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        cause = error.source();
        let text = error.to_string();
        if cause.is_some() && WRAPPERS.contains(&text.as_str()) {
            continue;
        }
        let plain = PLAIN_WORDS.iter().find(|(words, _)| *words == text);
        texts.push(plain.map_or(text, |(_, plain)| (*plain).to_owned()));
    }
    texts.join(": ")
}

/// Whether nothing listens at the address of a connection, according to an error or its causes.
pub(crate) fn is_refused_connection(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let system = error.downcast_ref::<io::Error>();
        if system.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            return true;
        }
        next = error.source();
    }
    false
}

/// Escapes control characters, so that a text can neither forge another line nor control a terminal: each becomes an
/// escape such as `\u{1b}`. Line separators and the characters that change the direction of writing are escaped as
/// well, since they can make a line read as another one. Tabs stay.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        let deceives = matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        );
        if deceives || (character.is_control() && character != '\t') {
            // Writing to a string can't fail.
            let _ = write!(escaped, "{}", character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// The beginning of a text: at most `max_bytes` of it, followed by `…` if something was cut off.
pub(crate) fn shortened(text: &str, max_bytes: usize) -> String {
    if text.len() <= max_bytes {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(max_bytes);
    format!("{}…", text.split_at(end).0)
}

/// The known name that was probably meant: at most a third of its letters differ. Much longer words are not compared,
/// since a comparison takes memory for each pair of letters.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known
        .into_iter()
        .filter(|known| word.len() <= known.len().saturating_mul(4))
        .map(|known| (strsim::damerau_levenshtein(known, word), known))
        .min()
        .filter(|(distance, known)| distance.saturating_mul(3) <= known.len())
        .map(|(_, known)| known)
}

/// A time in milliseconds, as the log has it: with three decimals.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

/// Writes each byte as two lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error with a text and perhaps a cause.
    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<dyn Error>>);

    impl std::fmt::Display for Layer {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref()
        }
    }

    #[test]
    fn chains_leave_out_what_libraries_say_in_vain() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let over = |text, cause: Box<dyn Error>| Box::new(Layer(text, Some(cause)));
        for (error, expected) in [
            (
                over(
                    "client error (Connect)",
                    over("tcp connect error", refused().into()),
                ),
                "no page: could not connect: connection refused",
            ),
            (
                over(
                    "error reading a body from connection",
                    Box::new(Layer("end of file before message length reached", None)),
                ),
                "no page: the body ended before its stated length",
            ),
            // Nothing else says what happened.
            (
                Box::new(Layer("client error (SendRequest)", None)),
                "no page: client error (SendRequest)",
            ),
        ] {
            let error = Layer("no page", Some(error));
            assert_eq!(chain(&error), expected);
            assert_eq!(is_refused_connection(&error), expected.contains("refused"));
        }
    }

    #[test]
    fn sizes_beyond_a_limit_differ_from_it() {
        for (bytes, limit, expected) in [
            (91_788_891, 64 << 20, "87.5MiB"),
            (2 << 30, 64 << 20, "2GiB"),
            (1_500, 1_024, "1.5KiB"),
            (65 << 20, 64 << 20, "65MiB"),
            ((64 << 20) + 1, 64 << 20, "67108865 bytes"),
            (1_023, 1_000, "1023 bytes"),
            (u64::MAX, 1, "17179869184GiB"),
        ] {
            assert_eq!(size_beyond(bytes, limit), expected, "{bytes}");
        }
    }

    #[test]
    fn control_characters_are_escaped() {
        for (text, expected) in [
            ("plain text", "plain text"),
            ("tab\tstays", "tab\tstays"),
            ("\x1b[31mred", "\\u{1b}[31mred"),
            ("a\rb\nc", "a\\u{d}b\\u{a}c"),
            ("null\0", "null\\u{0}"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\u{2028}b", "a\\u{2028}b"),
        ] {
            assert_eq!(escaped(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_nearest_name_has_most_of_the_letters() {
        let known = ["contacts", "contracts", "id", "deals"];
        for (word, expected) in [
            ("contcats", Some("contacts")),
            ("contact", Some("contacts")),
            ("Deals", Some("deals")),
            ("ix", None),
            ("orders", None),
            ("", None),
            (&"contacts".repeat(1000), None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word:.20}");
        }
        assert_eq!(nearest("deals", []), None);
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shortened("grüße", 10), "grüße");
        assert_eq!(shortened("grüße", 3), "gr…");
        assert_eq!(shortened("grüße", 4), "grü…");
    }
}
