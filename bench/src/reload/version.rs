//! Versions of one connector that can be distinguished by each of their two files.

use anyhow::ensure;
use serde::Deserialize;

const COMPONENT: &[u8] = include_bytes!(env!("WELD_BENCH_VERSIONED"));

/// The component's mark in its answer, with other digits in each version.
const MARK: &str = "component 000000";

/// The row that a version answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Version {
    mark: String,
    words: String,
}

impl Version {
    /// Whether the component and the configuration belong together.
    pub(crate) fn is_whole(&self) -> bool {
        let component = self.mark.strip_prefix("component ");
        let (configuration, _) = self.words.split_once(' ').unwrap_or_default();
        component == Some(configuration)
    }

    /// Whether it was configured with this number.
    pub(crate) fn is_of(&self, number: u32) -> bool {
        self.words.ends_with(&format!(" {number}"))
    }
}

/// The configuration of version `number` with the component `component`.
pub(crate) fn configuration(component: u32, number: u32) -> String {
    format!("[env]\nWORDS = \"{component:06} {number}\"\n")
}

/// The component with this number, below a million, for a mark.
///
/// # Errors
///
/// It doesn't have exactly one mark.
pub(crate) fn component(number: u32) -> anyhow::Result<Vec<u8>> {
    let mut bytes = COMPONENT.to_vec();
    let is_mark = |window: &&mut [u8]| **window == *MARK.as_bytes();
    let mut marks = 0;
    for start in 0..bytes.len() {
        if let Some(window) = bytes.get_mut(start..start + MARK.len()).filter(is_mark) {
            window.copy_from_slice(format!("component {number:06}").as_bytes());
            marks += 1;
        }
    }
    ensure!(marks == 1, "the component has {marks} marks");
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_differ_only_in_their_mark() {
        let (one, two) = (component(1).unwrap(), component(2).unwrap());
        let different = one.iter().zip(&two).filter(|(one, two)| one != two);
        assert_eq!(different.count(), 1);
        assert!(component(0).unwrap() == COMPONENT);
    }

    #[test]
    fn version_with_the_configuration_of_another_is_not_whole() {
        let version = |mark: &str, words: &str| Version {
            mark: mark.to_owned(),
            words: words.to_owned(),
        };
        assert!(version("component 000007", "000007 12").is_whole());
        assert!(version("component 000007", "000007 12").is_of(12));
        assert!(!version("component 000007", "000007 12").is_of(2));
        assert!(!version("component 000007", "000008 12").is_whole());
        assert!(!version("component 000007", "").is_whole());
    }
}
