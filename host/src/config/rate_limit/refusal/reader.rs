//! Reads all refusal rules of `[rate-limit]`: those of the file, and those of presets.

use super::rule::RefusalRule;
use super::{presets, section};
use crate::config::settings::Settings;

impl RefusalRule {
    /// Reads all rules: those of `refusal`, then those of the presets that `refusals` names. The first rule whose
    /// conditions all hold applies.
    pub(in crate::config) fn read_all(
        settings: &mut Settings<'_, '_, '_>,
        has_renewable_credential: bool,
    ) -> Vec<Self> {
        let mut all = section::rules(settings, has_renewable_credential);
        let expected = format!("one of {}", presets::names());
        let named = settings.one_or_more("refusals", &expected, presets::rules);
        all.extend(named.into_iter().flatten());
        all
    }
}

#[cfg(test)]
mod tests;
