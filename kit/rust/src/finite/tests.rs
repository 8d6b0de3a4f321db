use super::*;
use serde::Serialize;
use serde::ser::Error as _;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Row {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
    price: Price,
}

#[derive(Serialize)]
enum Price {
    Unknown,
    Single(f64),
    Range { from: f32, to: Option<f32> },
    Steps(f64, f64),
    Named(BTreeMap<&'static str, Vec<f64>>),
}

fn rows(price: Price) -> Result<String, Error> {
    let row = |price| Row {
        id: 1,
        note: None,
        price,
    };
    to_json(&[row(Price::Unknown), row(price)], "rows")
}

#[test]
fn numbers_that_json_does_not_have_are_reported_with_their_place() {
    let named = |number| Price::Named(BTreeMap::from([("net", vec![0.0, number])]));
    for (price, words) in [
        (Price::Single(f64::NAN), "rows[1].price.Single is NaN"),
        (
            Price::Single(f64::INFINITY),
            "rows[1].price.Single is Infinity, which JSON does not have",
        ),
        (
            Price::Range {
                from: 0.0,
                to: Some(f32::NEG_INFINITY),
            },
            "rows[1].price.Range.to is -Infinity",
        ),
        (Price::Steps(1.0, f64::NAN), "rows[1].price.Steps[1] is NaN"),
        (named(f64::NAN), "rows[1].price.Named.net[1] is NaN"),
    ] {
        let error = rows(price).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}");
        assert!(error.contains("weld_connector::finite_or_null"), "{error}");
    }
    assert!(to_json(&f64::NAN, "state").is_err());
}

#[test]
fn other_values_are_written_as_by_serde_json() {
    for price in [
        Price::Unknown,
        Price::Single(f64::MAX),
        Price::Range {
            from: f32::MIN_POSITIVE,
            to: None,
        },
        Price::Named(BTreeMap::new()),
    ] {
        assert!(rows(price).is_ok());
    }
    let value = json!([{"a": null, "b": [null, 1.5, "null"], "c": {"d": i64::MIN}}]);
    assert_eq!(to_json(&value, "rows").unwrap(), value.to_string());
    assert_eq!(to_json(&i128::MIN, "").unwrap(), i128::MIN.to_string());
}

#[test]
fn a_value_s_own_error_is_kept() {
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("broken"))
        }
    }
    let error = to_json(&[Some(Broken), None], "rows").unwrap_err();
    assert_eq!(error, Error::Other("broken".to_owned()));
}

#[test]
fn a_field_may_write_them_as_null() {
    #[derive(Serialize)]
    struct Row {
        #[serde(serialize_with = "finite_or_null")]
        price: f64,
        #[serde(serialize_with = "finite_or_null")]
        net: f32,
        #[serde(serialize_with = "finite_or_null")]
        tax: Option<f64>,
    }
    let written = |price, net, tax| to_json(&Row { price, net, tax }, "rows[0]").unwrap();
    assert_eq!(
        written(f64::NAN, f32::NEG_INFINITY, Some(f64::INFINITY)),
        r#"{"price":null,"net":null,"tax":null}"#
    );
    assert_eq!(
        written(1.5, 0.1, Some(0.0)),
        r#"{"price":1.5,"net":0.1,"tax":0.0}"#
    );
    assert_eq!(
        written(1.5, 0.1, None),
        r#"{"price":1.5,"net":0.1,"tax":null}"#
    );
}
