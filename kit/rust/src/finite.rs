//! JSON of a connector's values. A floating-point number that JSON doesn't have would become `null` without a word; here
//! it is an error that says where it stands.

mod search;

use serde::ser::{Serialize, Serializer};

use crate::Error;
use search::{Finding, Search};

/// The JSON of `value`, which errors call `name`.
///
/// # Errors
///
/// [`Error::Other`] where a number in it is NaN or infinite, or where it doesn't serialize.
pub(crate) fn to_json(value: &(impl Serialize + ?Sized), name: &str) -> Result<String, Error> {
    let text = serde_json::to_string(value)?;
    // Such a number has been written as null.
    if text.contains("null")
        && let Err(Finding {
            number: Some(number),
            place,
        }) = value.serialize(Search)
    {
        return Err(Error::Other(format!(
            "{name}{place} is {number}, which is no number in JSON; \
             `#[serde(serialize_with = \"weld_connector::finite_or_null\")]` makes null of it"
        )));
    }
    Ok(text)
}

/// For a field `f64`, `f32`, or an `Option` of one: NaN and infinite numbers become null instead of an error.
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
    /// Whether JSON has it: it is neither NaN nor infinite, or there is none.
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
