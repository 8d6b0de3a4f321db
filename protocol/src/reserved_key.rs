//! The member of a state that is reserved for the host.

use crate::json::{self, ShapeFault};

/// The member of a state that is reserved for the host. A connector never sees it and may not write it. Only the
/// state's own members count, not those of nested values.
pub const RESERVED_KEY: &str = "weld-host";

/// Whether an object has the reserved key, in any spelling.
pub(crate) fn has_reserved_key(object: &str) -> Result<bool, ShapeFault> {
    let [mark] = json::pick(object, [RESERVED_KEY])?;
    Ok(mark.is_some())
}

/// Rewrites an object without the reserved key. The whole text is walked, since the key may occur at any place,
/// several times and in several spellings.
pub(crate) fn without_reserved_key(object: &str) -> Result<String, ShapeFault> {
    let mut kept = String::with_capacity(object.len());
    kept.push('{');
    json::each_member(object, |name, value| {
        if !json::is_name(name, RESERVED_KEY) {
            if kept.len() > 1 {
                kept.push(',');
            }
            kept.push_str(name);
            kept.push(':');
            kept.push_str(value.get());
        }
    })?;
    kept.push('}');
    Ok(kept)
}
