//! Decimal numbers with all their digits.

use std::fmt::{self, Display, Formatter};

/// How many zeros are written instead of an exponent.
const MAX_PLAIN_ZEROS: usize = 20;

/// The value of a JSON number: a sign, the digits without zeros at either end, and the power of ten of the last digit.
///
/// Two are equal exactly if their values are: `1.50`, `15e-1` and `0.15E1` are all `15e-1`, and `-0.0` is `0`. The
/// text of a `Decimal` is again a JSON number.
///
/// ```
/// use weld_protocol::Decimal;
///
/// let number = Decimal::parse("1.50").ok_or("the exponent is too large")?;
/// assert_eq!(number.to_string(), "15e-1");
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    /// `false` for zero.
    is_negative: bool,
    /// Empty for zero.
    digits: String,
    /// 0 for zero.
    exponent: i64,
}

impl Decimal {
    /// Reads a JSON number (RFC 8259, section 6). For another text the result has no meaning. `None` if the exponent
    /// does not fit into 64 bits.
    #[must_use]
    pub fn parse(number: &str) -> Option<Self> {
        let (is_negative, unsigned) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number),
        };
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self {
                is_negative: false,
                digits: String::new(),
                exponent: 0,
            });
        }
        let trailing_zeros = i64::try_from(all.len().checked_sub(digits.len())?).ok()?;
        let fraction_digits = i64::try_from(fraction.len()).ok()?;
        let exponent = exponent
            .parse::<i64>()
            .ok()?
            .checked_sub(fraction_digits)?
            .checked_add(trailing_zeros)?;
        Some(Self {
            is_negative,
            digits: digits.trim_start_matches('0').to_owned(),
            exponent,
        })
    }

    /// The number as people write it, such as `1500` and `-0.25`, or with an exponent if that would take more than
    /// [`MAX_PLAIN_ZEROS`] zeros. Each value has exactly one such text.
    pub(crate) fn to_plain(&self) -> String {
        let sign = if self.is_negative { "-" } else { "" };
        let digits = &self.digits;
        let zeros = |count: usize| "0".repeat(count);
        let places = usize::try_from(self.exponent.unsigned_abs()).unwrap_or(usize::MAX);
        if digits.is_empty() {
            "0".to_owned()
        } else if self.exponent >= 0 && places <= MAX_PLAIN_ZEROS {
            format!("{sign}{digits}{}", zeros(places))
        } else if self.exponent < 0 && places < digits.len() {
            let (whole, fraction) = digits.split_at(digits.len() - places);
            format!("{sign}{whole}.{fraction}")
        } else if self.exponent < 0 && places - digits.len() <= MAX_PLAIN_ZEROS {
            format!("{sign}0.{}{digits}", zeros(places - digits.len()))
        } else {
            self.to_string()
        }
    }
}

impl Display for Decimal {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if self.digits.is_empty() {
            return formatter.write_str("0");
        }
        let sign = if self.is_negative { "-" } else { "" };
        write!(formatter, "{sign}{}e{}", self.digits, self.exponent)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(number: &str) -> Option<String> {
        Decimal::parse(number).map(|decimal| decimal.to_string())
    }

    #[test]
    fn every_spelling_of_a_value_is_one_text() {
        let cases: [(&[&str], &str); 6] = [
            (&["1500", "1.5e3", "15E+2", "1500.00", "0.15e4"], "15e2"),
            (
                &[
                    "0",
                    "-0",
                    "0.000",
                    "0e99",
                    "-0.0E-7",
                    "0e99999999999999999999",
                ],
                "0",
            ),
            (&["-0.25", "-25e-2", "-2.50e-1"], "-25e-2"),
            (&["7", "7.0", "0.7e1"], "7e0"),
            (&["1e400", "10e399"], "1e400"),
            (&["9223372036854775808"], "9223372036854775808e0"),
        ];
        for (spellings, expected) in cases {
            for spelling in spellings {
                assert_eq!(text(spelling).as_deref(), Some(expected), "{spelling}");
            }
        }
    }

    #[test]
    fn an_exponent_beyond_64_bits_is_not_read() {
        for number in [
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "0.1e-9223372036854775808",
            "10e9223372036854775807",
        ] {
            assert_eq!(text(number), None, "{number}");
        }
    }

    #[test]
    fn plain_texts_have_an_exponent_only_where_zeros_would_fill_them() {
        for (number, expected) in [
            ("-0.0", "0"),
            ("1.5e3", "1500"),
            ("-25E-2", "-0.25"),
            ("125e-2", "1.25"),
            ("1e-1", "0.1"),
            ("0.10e-5", "0.000001"),
            ("18446744073709551616", "18446744073709551616"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e21"),
            ("1e-21", "0.000000000000000000001"),
            ("1e-22", "1e-22"),
            ("1e-9223372036854775807", "1e-9223372036854775807"),
        ] {
            let decimal = Decimal::parse(number).unwrap();
            assert_eq!(decimal.to_plain(), expected, "{number}");
            assert_eq!(Decimal::parse(expected), Some(decimal));
        }
    }

    proptest! {
        #[test]
        fn a_value_is_its_text_and_another_value_is_not(
            mantissa in -1_000_000_i64..1_000_000,
            other in -1_000_000_i64..1_000_000,
            exponent in -300_i64..300,
            zeros in 0_usize..5,
        ) {
            let spelled = |mantissa: i64| format!("{mantissa}e{exponent}");
            let decimal = Decimal::parse(&spelled(mantissa));
            let padded = format!("{mantissa}.{}E{exponent}", "0".repeat(zeros + 1));
            prop_assert_eq!(&decimal, &Decimal::parse(&padded));
            let again = decimal.as_ref().and_then(|decimal| Decimal::parse(&decimal.to_string()));
            prop_assert_eq!(&decimal, &again);
            let equal = decimal == Decimal::parse(&spelled(other));
            prop_assert_eq!(equal, mantissa == other);
        }
    }
}
