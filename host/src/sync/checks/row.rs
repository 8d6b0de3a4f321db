//! Visits the top level of a row.

use std::fmt::{self, Formatter};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Calls `visit` with each member of a JSON object: its position, its name still quoted and escaped, and its value.
pub(super) fn each_member<'a>(row: &'a RawValue, visit: impl FnMut(usize, &'a str, &'a str)) {
    // This can't fail, since the text was checked when the page was read.
    let _ = serde_json::Deserializer::from_str(row.get()).deserialize_map(Members(visit));
}

struct Members<F>(F);

impl<'de, F: FnMut(usize, &'de str, &'de str)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let mut position = 0_usize;
        while let Some((name, value)) = members.next_entry::<&RawValue, &RawValue>()? {
            self.0(position, name.get(), value.get());
            position = position.saturating_add(1);
        }
        Ok(())
    }
}
