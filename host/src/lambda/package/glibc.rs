//! Versions of glibc, the C library of most Linux systems.

use std::fmt::{self, Display, Formatter};

/// The version of glibc in Amazon Linux 2023, which `provided.al2023` has.
pub(super) const AMAZON_LINUX: GlibcVersion = GlibcVersion {
    major: 2,
    minor: 34,
};

/// A version of glibc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlibcVersion {
    major: u32,
    minor: u32,
}

impl GlibcVersion {
    /// What every program needs.
    pub(super) const FIRST: Self = Self { major: 2, minor: 0 };

    /// The version in a name such as `GLIBC_2.34`; `None` for other names.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        // The mark of relative relocations in their short form, which older versions can't read.
        if name == b"GLIBC_ABI_DT_RELR" {
            return Some(Self {
                major: 2,
                minor: 36,
            });
        }
        let text = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
        let mut numbers = text.split('.').map(str::parse);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some(Self { major, minor })
    }
}

impl Display for GlibcVersion {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let version = |name: &str| GlibcVersion::of(name.as_bytes());
        assert!(version("GLIBC_2.9") < version("GLIBC_2.34"));
        assert!(version("GLIBC_2.39") > Some(AMAZON_LINUX));
        assert_eq!(version("GLIBC_2.34"), Some(AMAZON_LINUX));
        assert!(version("GLIBC_2.2.5").is_some_and(|version| version < AMAZON_LINUX));
        assert!(version("GLIBC_ABI_DT_RELR") > Some(AMAZON_LINUX));
        for other in ["GLIBC_PRIVATE", "GCC_3.0", "GLIBC_", ""] {
            assert_eq!(version(other), None, "{other}");
        }
    }
}
