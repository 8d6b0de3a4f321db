//! Reads the few fields of a certificate that the TLS library doesn't show: its names and its validity (RFC 5280,
//! section 4.1).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// `[0]`, the version, which the oldest certificates don't have.
const VERSION: u8 = 0xa0;

/// From this year on, two digits mean the last century (RFC 5280, section 4.1.2.5.1).
const FIRST_SHORT_YEAR: i16 = 50;

/// The fields of a certificate that decide its place in a chain, and how long it is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CertificateFields<'c> {
    /// The issuer's name, encoded.
    pub(super) issuer: &'c [u8],
    /// The certificate's own name, encoded.
    pub(super) subject: &'c [u8],
    /// The first second in which it is valid.
    pub(super) not_before: Timestamp,
    /// The last second in which it is valid.
    pub(super) not_after: Timestamp,
}

impl<'c> CertificateFields<'c> {
    /// The fields of a certificate in DER; `None` if it is not one.
    pub(super) fn of(certificate: &'c [u8]) -> Option<Self> {
        let mut certificate = Elements(certificate);
        let mut outer = Elements(certificate.expect(SEQUENCE)?);
        let mut fields = Elements(outer.expect(SEQUENCE)?);
        let (tag, _) = fields.next()?;
        if tag == VERSION {
            fields.expect(INTEGER)?;
        }
        let _signature = fields.expect(SEQUENCE)?;
        let issuer = fields.expect(SEQUENCE)?;
        let mut validity = Elements(fields.expect(SEQUENCE)?);
        let subject = fields.expect(SEQUENCE)?;
        Some(Self {
            issuer,
            subject,
            not_before: validity.time()?,
            not_after: validity.time()?,
        })
    }
}

/// A series of elements in DER.
struct Elements<'c>(&'c [u8]);

impl<'c> Elements<'c> {
    /// The next element's tag and content.
    fn next(&mut self) -> Option<(u8, &'c [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            // Four bytes of length are more than any certificate needs.
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = digits.iter().try_fold(0_usize, |sum, digit| {
                    sum.checked_mul(256)?.checked_add(usize::from(*digit))
                })?;
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, content))
    }

    /// The next element's content, if it has this tag.
    fn expect(&mut self, tag: u8) -> Option<&'c [u8]> {
        let (found, content) = self.next()?;
        (found == tag).then_some(content)
    }

    /// The next element, a time.
    fn time(&mut self) -> Option<Timestamp> {
        let (tag, content) = self.next()?;
        let digits = content.strip_suffix(b"Z")?;
        let (year, rest) = match tag {
            UTC_TIME => {
                let (year, rest) = digits.split_at_checked(2)?;
                let year = i16::try_from(number(year)?).ok()?;
                let century = if year < FIRST_SHORT_YEAR { 2000 } else { 1900 };
                (century + year, rest)
            }
            GENERALIZED_TIME => {
                let (year, rest) = digits.split_at_checked(4)?;
                (i16::try_from(number(year)?).ok()?, rest)
            }
            _ => return None,
        };
        let mut parts = [0_i8; 5];
        let pairs = rest.chunks(2);
        if pairs.len() != parts.len() {
            return None;
        }
        for (part, pair) in parts.iter_mut().zip(pairs) {
            if pair.len() != 2 {
                return None;
            }
            *part = i8::try_from(number(pair)?).ok()?;
        }
        let [month, day, hour, minute, second] = parts;
        let time = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
        // The last hours of the year 9999, which stand for "forever", are later than any timestamp.
        Some(TimeZone::UTC.to_timestamp(time).unwrap_or(Timestamp::MAX))
    }
}

/// A number of decimal digits only.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |sum, digit| {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::super::fixtures::{AUTHORITY, EXPIRED, GOOD, NOT_YET_VALID, SELF_SIGNED};
    use super::*;

    fn der(pem: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
    }

    #[test]
    fn certificates_show_their_validity() {
        for (pem, not_before, not_after) in [
            (GOOD, "2020-01-01T00:00:00Z", "2125-12-31T00:00:00Z"),
            (EXPIRED, "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"),
            (
                NOT_YET_VALID,
                "2120-01-01T00:00:00Z",
                "2125-12-31T00:00:00Z",
            ),
        ] {
            let certificate = der(pem);
            let fields = CertificateFields::of(&certificate).unwrap();
            assert_eq!(fields.not_before, not_before.parse().unwrap(), "{pem}");
            assert_eq!(fields.not_after, not_after.parse().unwrap(), "{pem}");
        }
    }

    #[test]
    fn certificates_show_who_issued_them() {
        let [authority, good, own] = [AUTHORITY, GOOD, SELF_SIGNED].map(der);
        let [authority, good, own] = [&authority, &good, &own]
            .map(|certificate| CertificateFields::of(certificate).unwrap());
        assert_eq!(good.issuer, authority.subject);
        assert_ne!(good.subject, authority.subject);
        assert_eq!(own.issuer, own.subject);
    }

    #[test]
    fn anything_else_is_not_a_certificate() {
        let whole = der(GOOD).to_vec();
        assert!(CertificateFields::of(&whole).is_some());
        for length in 0..whole.len() {
            assert_eq!(CertificateFields::of(&whole[..length]), None, "{length}");
        }
        // No change of a byte makes it read past its end.
        for place in 0..whole.len() {
            for value in [0, 0x30, 0x7f, 0x80, 0x84, 0xff] {
                let mut changed = whole.clone();
                changed[place] = value;
                let _fields = CertificateFields::of(&changed);
            }
        }
    }

    #[test]
    fn both_forms_of_times_are_read() {
        for (tag, text, expected) in [
            (UTC_TIME, "491231235959Z", Some("2049-12-31T23:59:59Z")),
            (UTC_TIME, "500101000000Z", Some("1950-01-01T00:00:00Z")),
            (
                GENERALIZED_TIME,
                "20500101000000Z",
                Some("2050-01-01T00:00:00Z"),
            ),
            (GENERALIZED_TIME, "99991231235959Z", None),
        ] {
            let element = element(tag, text);
            let time = Elements(&element).time();
            let expected = expected.map_or(Timestamp::MAX, |text| text.parse().unwrap());
            assert_eq!(time, Some(expected), "{text}");
        }
        for (tag, text) in [
            (UTC_TIME, "491231235959"),
            (UTC_TIME, "4912312359Z"),
            (UTC_TIME, "49123123595Z"),
            (UTC_TIME, "491331235959Z"),
            (UTC_TIME, "49x231235959Z"),
            (UTC_TIME, "Z"),
            (GENERALIZED_TIME, "491231235959Z"),
            (SEQUENCE, "491231235959Z"),
        ] {
            assert_eq!(Elements(&element(tag, text)).time(), None, "{text}");
        }
    }

    fn element(tag: u8, text: &str) -> Vec<u8> {
        let length = u8::try_from(text.len()).unwrap();
        [&[tag, length], text.as_bytes()].concat()
    }
}
