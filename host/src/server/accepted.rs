//! Which content encoding of an answer a client prefers (`Accept-Encoding`, RFC 9110, section 12.5.3).

use http::HeaderMap;
use http::header;

use crate::encoding::ContentEncoding;

/// The encodings of answers. Of those that a client likes equally well, the first one is chosen: it is the fastest.
const OFFERED: [ContentEncoding; 3] = [
    ContentEncoding::Zstandard,
    ContentEncoding::Gzip,
    ContentEncoding::Brotli,
];

/// How many members of the header are read. Clients send fewer than ten.
const MAX_MEMBERS: usize = 64;

/// What a client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AcceptedEncoding {
    /// The encoding that it prefers; `None` if it wants the plain answer, or accepts nothing that the host offers.
    pub(super) preferred: Option<ContentEncoding>,
    /// It refuses plain answers.
    pub(super) must_encode: bool,
}

impl AcceptedEncoding {
    /// The plain answer.
    pub(super) const PLAIN: Self = Self {
        preferred: None,
        must_encode: false,
    };

    /// What a request with these headers accepts: the plain answer if they don't say.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut weights = Weights::default();
        let values = headers.get_all(header::ACCEPT_ENCODING).iter();
        let members = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        for member in members.take(MAX_MEMBERS) {
            weights.read(member);
        }
        weights.choose()
    }
}

/// The weights of a header, in thousandths. `None` for what it doesn't name.
#[derive(Debug, Default)]
struct Weights {
    offered: [Option<u16>; OFFERED.len()],
    identity: Option<u16>,
    others: Option<u16>,
}

impl Weights {
    /// Reads one member, such as `gzip;q=0.5`. An unreadable weight means that the member is not accepted.
    fn read(&mut self, member: &[u8]) {
        let mut parts = member.split(|byte| *byte == b';');
        let name = parts.next().unwrap_or_default().trim_ascii();
        let name = name.to_ascii_lowercase();
        let weight = parts
            .map(<[u8]>::trim_ascii)
            .find_map(|part| {
                let (name, value) = part.split_at_checked(2)?;
                name.eq_ignore_ascii_case(b"q=").then(|| weight(value))
            })
            .unwrap_or(Some(1_000))
            .unwrap_or_default();
        let place = match name.as_slice() {
            b"*" => &mut self.others,
            b"identity" => &mut self.identity,
            name => {
                let named = ContentEncoding::named(name);
                let place = OFFERED.iter().position(|offered| Some(*offered) == named);
                match place.and_then(|place| self.offered.get_mut(place)) {
                    Some(place) => place,
                    None => return,
                }
            }
        };
        // If something is named twice, its smaller weight counts.
        *place = Some(place.map_or(weight, |earlier: u16| earlier.min(weight)));
    }

    fn choose(&self) -> AcceptedEncoding {
        let others = self.others.unwrap_or_default();
        let identity = self.identity.or(self.others);
        let mut best = (0, None);
        for (encoding, weight) in OFFERED.iter().zip(self.offered) {
            let weight = weight.unwrap_or(others);
            if weight > best.0 {
                best = (weight, Some(*encoding));
            }
        }
        let (weight, preferred) = best;
        AcceptedEncoding {
            // A client that names an encoding wants it, unless it likes the plain answer more.
            preferred: preferred.filter(|_| weight >= self.identity.unwrap_or_default()),
            must_encode: preferred.is_some() && identity == Some(0),
        }
    }
}

/// A weight from 0 to 1 with at most three decimal places, in thousandths; `None` for anything else.
fn weight(text: &[u8]) -> Option<u16> {
    let text = str::from_utf8(text.trim_ascii()).ok()?;
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = decimals.bytes().all(|byte| byte.is_ascii_digit());
    if decimals.len() > 3 || !are_digits {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_encoding_of_the_header_is_chosen() {
        use ContentEncoding::{Brotli, Gzip, Zstandard};
        for (values, preferred, must_encode) in [
            (&[][..], None, false),
            (&[""], None, false),
            (&["gzip"], Some(Gzip), false),
            (&["GZip"], Some(Gzip), false),
            (&["x-gzip"], Some(Gzip), false),
            (&["gzip, deflate"], Some(Gzip), false),
            (&["gzip, deflate, br, zstd"], Some(Zstandard), false),
            (&["gzip", "br"], Some(Gzip), false),
            (&["br"], Some(Brotli), false),
            (&["deflate"], None, false),
            (&["identity"], None, false),
            (&["gzip;q=0"], None, false),
            (&["gzip;q=0.000"], None, false),
            (&["gzip; q=0.5, br; Q=0.7"], Some(Brotli), false),
            (&["gzip;q=1.0, zstd;q=0.999"], Some(Gzip), false),
            (&["gzip;q=0.5, identity"], None, false),
            (&["gzip, identity"], Some(Gzip), false),
            (&["*"], Some(Zstandard), false),
            (&["*;q=0"], None, false),
            (&["zstd;q=0, *"], Some(Gzip), false),
            (&["gzip, *;q=0"], Some(Gzip), true),
            (&["gzip, identity;q=0"], Some(Gzip), true),
            (&["identity;q=0"], None, false),
            (&["*, identity;q=0"], Some(Zstandard), true),
            (&["gzip, gzip;q=0"], None, false),
            (&["gzip;q=2"], None, false),
            (&["gzip;q=1.001"], None, false),
            (&["gzip;q=0.1234"], None, false),
            (&["gzip;q=high"], None, false),
            (&["gzip;q=+1"], None, false),
            (&["gzip;q=1;q=0"], Some(Gzip), false),
            (&[",,;,gzip"], Some(Gzip), false),
        ] {
            let headers: HeaderMap = values
                .iter()
                .map(|value| (header::ACCEPT_ENCODING, value.parse().unwrap()))
                .collect();
            let expected = AcceptedEncoding {
                preferred,
                must_encode,
            };
            assert_eq!(AcceptedEncoding::of(&headers), expected, "{values:?}");
        }
    }

    #[test]
    fn an_endless_header_is_read_only_so_far() {
        let endless = format!("{}gzip", "x,".repeat(MAX_MEMBERS));
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, endless.parse().unwrap())]);
        assert_eq!(AcceptedEncoding::of(&headers), AcceptedEncoding::PLAIN);
    }
}
