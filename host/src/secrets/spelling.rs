//! The spellings of one character: plain, or escaped.

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// One way to write a character.
pub(super) struct Spelling {
    pub(super) bytes: Vec<u8>,
    /// Whether it has hexadecimal digits, which may be in either case.
    is_escape: bool,
}

impl Spelling {
    fn plain(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.to_owned(),
            is_escape: false,
        }
    }

    fn escape(text: String) -> Self {
        Self {
            bytes: text.into_bytes(),
            is_escape: true,
        }
    }

    /// Whether the byte at index `place` may be `byte`.
    pub(super) fn has(&self, place: usize, byte: u8) -> bool {
        self.bytes.get(place).is_some_and(|own| {
            *own == byte || self.may_differ(*own) && own.eq_ignore_ascii_case(&byte)
        })
    }

    /// Whether this byte may be in either case.
    fn may_differ(&self, byte: u8) -> bool {
        self.is_escape && byte.is_ascii_hexdigit()
    }

    /// Every byte that may occur in it.
    pub(super) fn all_bytes(&self) -> Vec<u8> {
        let cases = self.cases();
        cases.into_iter().flatten().collect()
    }

    /// All variants of its digits in upper and lower case.
    pub(super) fn cases(&self) -> Vec<Vec<u8>> {
        let mut cases = vec![Vec::new()];
        for byte in &self.bytes {
            let other = byte.to_ascii_uppercase();
            let differs = self.may_differ(*byte) && other != *byte;
            let mut more = Vec::new();
            for case in &mut cases {
                if differs {
                    more.push([case.as_slice(), &[other]].concat());
                }
                case.push(*byte);
            }
            cases.append(&mut more);
        }
        cases
    }
}

/// Every spelling of a character.
pub(super) fn spellings(character: char) -> Vec<Spelling> {
    let mut utf8 = [0; 4];
    let utf8 = character.encode_utf8(&mut utf8).as_bytes();
    let mut utf16 = [0; 2];
    let utf16 = character.encode_utf16(&mut utf16);
    let percent = utf8.iter().map(|byte| format!("%{byte:02x}")).collect();
    let json = utf16.iter().map(|unit| format!("\\u{unit:04x}")).collect();
    let mut spellings = vec![
        Spelling::plain(utf8),
        Spelling::escape(percent),
        Spelling::escape(json),
    ];
    let short: Option<&[u8]> = match character {
        ' ' => Some(b"+"),
        '"' => Some(b"\\\""),
        '\\' => Some(b"\\\\"),
        '/' => Some(b"\\/"),
        '\u{8}' => Some(b"\\b"),
        '\u{c}' => Some(b"\\f"),
        '\n' => Some(b"\\n"),
        '\r' => Some(b"\\r"),
        '\t' => Some(b"\\t"),
        _ => None,
    };
    spellings.extend(short.map(Spelling::plain));
    spellings
}

/// Every spelling of a base64 digit. The two alphabets differ in two digits.
pub(super) fn spellings_in_base64(digit: char) -> Vec<Spelling> {
    let other = match digit {
        '+' => '-',
        '/' => '_',
        _ => return spellings(digit),
    };
    [digit, other].into_iter().flat_map(spellings).collect()
}

/// The base64 digit with this value, which is below 64.
pub(super) fn base64_digit(sextet: u8) -> char {
    let digit = BASE64.get(usize::from(sextet)).copied();
    digit.map_or('=', char::from)
}

/// The bits of `bytes` in groups of six; the last group is padded with zeros.
pub(super) fn sextets(bytes: &[u8]) -> Vec<u8> {
    let mut sextets = Vec::with_capacity(bytes.len() * 4 / 3 + 1);
    for group in bytes.chunks(3) {
        let byte = |place: usize| u32::from(group.get(place).copied().unwrap_or_default());
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for place in 0..=group.len() {
            let [.., sextet] = (bits >> (18 - 6 * place)).to_be_bytes();
            sextets.push(sextet & 0x3f);
        }
    }
    sextets
}
