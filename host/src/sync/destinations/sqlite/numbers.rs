//! JSON numbers, with all their digits.

use super::values::Value;

/// Any decimal of so many digits survives the way into a 64-bit float and back (`f64::DIGITS`).
const SAFE_DIGITS: usize = f64::DIGITS as usize;

/// Reads a JSON number: an integer of 64 bits as such; one with a fraction or an exponent as a float, where the float's
/// shortest text is the same number to the last digit; any other as its text. An integer beyond 64 bits is text even
/// where a float would hold it, so that large identifiers are all of one kind.
pub(super) fn number(json: &str) -> Value<'_> {
    if json
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
    {
        return json
            .parse()
            .map_or_else(|_| Value::Text(json.into()), Value::Integer);
    }
    match json.parse::<f64>() {
        Ok(float) if is_exact(json, float) => Value::Real(float),
        _ => Value::Text(json.into()),
    }
}

fn is_exact(json: &str, float: f64) -> bool {
    let digits = json.bytes().filter(u8::is_ascii_digit).count();
    if digits <= SAFE_DIGITS && !json.contains(['e', 'E']) {
        return true;
    }
    float.is_finite()
        && match (Decimal::parse(json), Decimal::parse(&format!("{float:e}"))) {
            (Some(text), Some(float)) => text == float,
            _ => false,
        }
}

/// A number's sign, its digits without zeros at either end, and the power of ten of the last digit.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// `None` where the exponent is out of all reason.
    fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text
            .strip_prefix('-')
            .map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self {
                negative,
                digits: String::new(),
                exponent: 0,
            });
        }
        let dropped = i64::try_from(all.len().checked_sub(digits.len())?).ok()?;
        let fraction = i64::try_from(fraction.len()).ok()?;
        Some(Self {
            negative,
            digits: digits.trim_start_matches('0').to_owned(),
            exponent: exponent
                .parse::<i64>()
                .ok()?
                .checked_sub(fraction)?
                .checked_add(dropped)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_a_float_can_not_hold_stay_text() {
        let text = |json: &'static str| Value::Text(json.into());
        let cases = [
            ("0", Value::Integer(0)),
            ("-0", Value::Integer(0)),
            ("-17", Value::Integer(-17)),
            ("9223372036854775807", Value::Integer(i64::MAX)),
            ("-9223372036854775808", Value::Integer(i64::MIN)),
            ("9223372036854775808", text("9223372036854775808")),
            ("18446744073709551616", text("18446744073709551616")),
            ("10000000000000000000", text("10000000000000000000")),
            ("0.1", Value::Real(0.1)),
            ("1.10", Value::Real(1.1)),
            ("1.0", Value::Real(1.0)),
            ("-0.0", Value::Real(-0.0)),
            ("1e2", Value::Real(100.0)),
            ("12.5E-1", Value::Real(1.25)),
            ("1E+2", Value::Real(100.0)),
            (
                "0.1000000000000000055511151231257827",
                text("0.1000000000000000055511151231257827"),
            ),
            ("0.30000000000000004", Value::Real(0.1 + 0.2)),
            ("123456789.123456789", text("123456789.123456789")),
            ("123456789.12345679", Value::Real(123_456_789.123_456_79)),
            ("1234567890.1234567891", text("1234567890.1234567891")),
            ("100000000000000000000.50", text("100000000000000000000.50")),
            ("1e400", text("1e400")),
            ("-1e400", text("-1e400")),
            ("1e-400", text("1e-400")),
            ("0e99999999999999999999", Value::Real(0.0)),
            ("1e99999999999999999999", text("1e99999999999999999999")),
            ("1e-99999999999999999999", text("1e-99999999999999999999")),
            ("5e-324", Value::Real(5e-324)),
            ("4e-324", text("4e-324")),
        ];
        for (json, value) in cases {
            assert_eq!(number(json), value, "{json}");
        }
    }
}
