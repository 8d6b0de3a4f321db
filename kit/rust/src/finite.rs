//! Serializes a connector's values to JSON. `serde_json` would silently write a floating-point number that JSON doesn't
//! have as `null`; here it is an error that names its place.

mod search;

use serde::ser::{Serialize, Serializer};

use crate::Error;
use search::{Finding, Search};

/// The JSON text of `value`. Errors call the value `name`.
///
/// # Errors
///
/// [`Error::Other`] if the value contains a number that is NaN or infinite, or doesn't serialize.
pub(crate) fn to_json(value: &(impl Serialize + ?Sized), name: &str) -> Result<String, Error> {
    let text = serde_json::to_string(value)?;
    // `serde_json` has written any such number as null.
    if text.contains("null")
        && let Err(Finding {
            number: Some(number),
            place,
        }) = value.serialize(Search)
    {
        return Err(Error::Other(format!(
            "{name}{place} is {number}, which JSON does not have; \
             `#[serde(serialize_with = \"weld_connector::finite_or_null\")]` writes it as null"
        )));
    }
    Ok(text)
}

/// Serializes NaN and infinite numbers as null instead of failing, for a field of type `f64`, `f32`, or an `Option` of
/// one.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct Row {
///     id: u64,
///     #[serde(serialize_with = "weld_connector::finite_or_null")]
///     price: f64,
/// }
///
/// let page = weld_connector::Page::new([Row { id: 1, price: f64::NAN }])?;
/// assert_eq!(page.rows_json(), r#"[{"id":1,"price":null}]"#);
/// # Ok::<(), weld_connector::Error>(())
/// ```
///
/// # Errors
///
/// Those of the serializer.
pub fn finite_or_null<S: Serializer>(
    value: &impl Floating,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if value.is_finite_or_none() {
        value.serialize(serializer)
    } else {
        serializer.serialize_none()
    }
}

/// A floating-point number, or an `Option` of one.
pub trait Floating: Serialize {
    /// Whether JSON can represent it: it is finite, or it is `None`.
    fn is_finite_or_none(&self) -> bool;
}

impl Floating for f64 {
    fn is_finite_or_none(&self) -> bool {
        self.is_finite()
    }
}

impl Floating for f32 {
    fn is_finite_or_none(&self) -> bool {
        self.is_finite()
    }
}

impl<F: Floating> Floating for Option<F> {
    fn is_finite_or_none(&self) -> bool {
        self.as_ref().is_none_or(F::is_finite_or_none)
    }
}

#[cfg(test)]
mod tests;
