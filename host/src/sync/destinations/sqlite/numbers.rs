//! Converts JSON numbers without losing digits.

use weld_protocol::Decimal;

use super::value::SqlValue;

/// Any decimal with this many digits survives the conversion to a 64-bit float and back (`f64::DIGITS`).
const SAFE_DIGITS: usize = f64::DIGITS as usize;

/// Converts a JSON number. An integer of 64 bits stays an integer. A number with a fraction or an exponent becomes a
/// float, if the float's shortest text is exactly the same number. Any other number stays text. An integer beyond 64
/// bits is text even if a float could represent it, so that all large identifiers have the same type.
pub(super) fn number(json: &str) -> SqlValue<'_> {
    if json
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
    {
        return json
            .parse()
            .map_or_else(|_| SqlValue::Text(json.into()), SqlValue::Integer);
    }
    match json.parse::<f64>() {
        Ok(float) if is_exact(json, float) => SqlValue::Real(float),
        _ => SqlValue::Text(json.into()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_a_float_can_not_represent_stay_text() {
        let text = |json: &'static str| SqlValue::Text(json.into());
        let cases = [
            ("0", SqlValue::Integer(0)),
            ("-0", SqlValue::Integer(0)),
            ("-17", SqlValue::Integer(-17)),
            ("9223372036854775807", SqlValue::Integer(i64::MAX)),
            ("-9223372036854775808", SqlValue::Integer(i64::MIN)),
            ("9223372036854775808", text("9223372036854775808")),
            ("18446744073709551616", text("18446744073709551616")),
            ("10000000000000000000", text("10000000000000000000")),
            ("0.1", SqlValue::Real(0.1)),
            ("1.10", SqlValue::Real(1.1)),
            ("1.0", SqlValue::Real(1.0)),
            ("-0.0", SqlValue::Real(-0.0)),
            ("1e2", SqlValue::Real(100.0)),
            ("12.5E-1", SqlValue::Real(1.25)),
            ("1E+2", SqlValue::Real(100.0)),
            (
                "0.1000000000000000055511151231257827",
                text("0.1000000000000000055511151231257827"),
            ),
            ("0.30000000000000004", SqlValue::Real(0.1 + 0.2)),
            ("123456789.123456789", text("123456789.123456789")),
            ("123456789.12345679", SqlValue::Real(123_456_789.123_456_79)),
            ("1234567890.1234567891", text("1234567890.1234567891")),
            ("100000000000000000000.50", text("100000000000000000000.50")),
            ("1e400", text("1e400")),
            ("-1e400", text("-1e400")),
            ("1e-400", text("1e-400")),
            ("0e99999999999999999999", SqlValue::Real(0.0)),
            ("1e99999999999999999999", text("1e99999999999999999999")),
            ("1e-99999999999999999999", text("1e-99999999999999999999")),
            ("5e-324", SqlValue::Real(5e-324)),
            ("4e-324", text("4e-324")),
        ];
        for (json, value) in cases {
            assert_eq!(number(json), value, "{json}");
        }
    }
}
