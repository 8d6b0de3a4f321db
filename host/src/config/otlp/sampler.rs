//! Which traces are recorded.

use super::error::OtlpError;
use super::variables::{self, OtlpVariables};

/// Which traces are recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SamplerRule {
    /// Whether a trace that a client has begun is recorded exactly if the client records it. Otherwise it is treated
    /// like any other.
    pub follows_client: bool,
    /// Which other traces are recorded.
    pub root: RootRule,
}

/// Which traces are recorded, by their id.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RootRule {
    /// Every one.
    All,
    /// None.
    Nothing,
    /// This share of them, from 0 to 1.
    Share(f64),
}

impl Default for SamplerRule {
    /// `parentbased_always_on`.
    fn default() -> Self {
        Self {
            follows_client: true,
            root: RootRule::All,
        }
    }
}

impl SamplerRule {
    /// Reads `OTEL_TRACES_SAMPLER` and its argument.
    pub(super) fn read(variables: &OtlpVariables<'_>) -> Result<Self, OtlpError> {
        let Some(name) = variables.text(variables::SAMPLER)? else {
            return Ok(Self::default());
        };
        let (follows_client, root) = match name.strip_prefix("parentbased_") {
            Some(root) => (true, root),
            None => (false, name.as_str()),
        };
        let root = match root {
            "always_on" => RootRule::All,
            "always_off" => RootRule::Nothing,
            "traceidratio" => RootRule::Share(share(variables)?),
            _ => {
                return Err(variables::wrong(
                    variables::SAMPLER,
                    &name,
                    "write always_on, always_off or traceidratio, alone or after parentbased_",
                ));
            }
        };
        Ok(Self {
            follows_client,
            root,
        })
    }
}

/// The share of `traceidratio`; everything if it is not set.
fn share(variables: &OtlpVariables<'_>) -> Result<f64, OtlpError> {
    let Some(text) = variables.text(variables::SAMPLER_ARGUMENT)? else {
        return Ok(1.0);
    };
    let share = text.parse().ok();
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| {
            variables::wrong(
                variables::SAMPLER_ARGUMENT,
                &text,
                "write a number from 0 to 1, such as 0.1",
            )
        })
}
