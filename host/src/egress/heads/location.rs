//! A `Location` that the parser leaves out because of its bytes, in the form in which browsers follow it.

/// The value of a line that is a `Location`. Bytes that no header may contain are escaped, and removed at the ends.
/// `None` if it is another header.
pub(super) fn escaped(line: &[u8]) -> Option<String> {
    let end = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at(end);
    if !name.trim_ascii_end().eq_ignore_ascii_case(b"location") {
        return None;
    }
    let value = value.get(1..)?;
    let is_inside = |byte: &u8| *byte > b' ';
    let begin = value.iter().position(is_inside)?;
    let last = value.iter().rposition(is_inside)?;
    let mut text = String::with_capacity(value.len());
    for &byte in value.get(begin..=last)? {
        if matches!(byte, b' '..=b'~' | b'\t') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_removed_at_the_ends() {
        for (line, expected) in [
            (&b"Location: /\x7fx"[..], Some("/%7Fx")),
            (b"location : /a\x01b\x1fc", Some("/a%01b%1Fc")),
            (b"LOCATION:\x01\t /a b\tc\x02 ", Some("/a b\tc")),
            (b"Location: /gr\xc3\xbcn\x01x", Some("/gr%C3%BCn%01x")),
            (b"Location: \x01", None),
            (b"Location", None),
            (b"x-location: /\x7f", None),
            (b"Loc\x01ation: /\x7f", None),
        ] {
            let escaped = escaped(line);
            assert_eq!(escaped.as_deref(), expected, "{}", line.escape_ascii());
        }
    }
}
