//! The processors that code can be compiled for.
//!
//! A processor is a list of features, each of which lets the compiler use further instructions. Code runs on every
//! processor of the same architecture that has all of them.

use std::env::consts::{ARCH, OS};
use std::fmt;
use std::str::FromStr;

use wasmtime::Config;

use crate::platform::{CPU_FEATURES, CpuFeature, CpuLevel};

/// The processor to compile for, of this machine's architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetCpu {
    /// What every server has: x86-64-v2 (2009 and later) or ARMv8.
    Baseline,
    /// x86-64-v3, which has AVX2 and FMA: 2013 and later for Intel, 2015 and later for AMD.
    X86_64V3,
    /// The processor of this machine, with all its features.
    Native,
}

/// There is no processor of this name.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no processor `{name}` for {ARCH}: write {}",
    one_of(TargetCpu::names())
)]
pub struct UnknownCpuError {
    name: String,
}

impl TargetCpu {
    /// The names on this architecture.
    fn names() -> &'static [(&'static str, Self)] {
        match ARCH {
            "x86_64" => &[
                ("baseline", Self::Baseline),
                ("x86-64-v2", Self::Baseline),
                ("x86-64-v3", Self::X86_64V3),
                ("native", Self::Native),
            ],
            _ => &[("baseline", Self::Baseline), ("native", Self::Native)],
        }
    }

    /// The name, as [`from_str`](Self::from_str) reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::X86_64V3 => "x86-64-v3",
            Self::Native => "native",
        }
    }

    /// Its form in a request to a compiler.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Baseline => 1,
            Self::X86_64V3 => 2,
            Self::Native => 3,
        }
    }

    /// The processor with this code.
    pub(super) fn of_code(code: u8) -> Option<Self> {
        [Self::Baseline, Self::X86_64V3, Self::Native]
            .into_iter()
            .find(|cpu| cpu.code() == code)
    }

    /// The features that its code may use.
    pub(super) fn features(self) -> impl Iterator<Item = &'static CpuFeature> {
        CPU_FEATURES.iter().filter(move |feature| match self {
            Self::Baseline => feature.level == CpuLevel::Baseline,
            Self::X86_64V3 => feature.level != CpuLevel::Beyond,
            Self::Native => (feature.is_here)(),
        })
    }

    /// The features that this machine lacks; empty if it can run the code.
    pub(crate) fn lacking(self) -> Vec<&'static str> {
        self.features()
            .filter(|feature| !(feature.is_here)())
            .map(|feature| feature.name)
            .collect()
    }

    /// Lets the compiler of `config` use these features, and no others.
    #[allow(
        unsafe_code,
        reason = "a setting of Cranelift can make code wrong; these only choose instructions"
    )]
    pub(super) fn configure(self, config: &mut Config) -> wasmtime::Result<()> {
        // A named machine has no features but those that are added.
        config.target(&machine())?;
        for feature in self.features() {
            // SAFETY: the code is right on a processor with the feature; a host checks that before it loads the code.
            unsafe { config.cranelift_flag_enable(feature.setting) };
        }
        Ok(())
    }
}

impl fmt::Display for TargetCpu {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for TargetCpu {
    type Err = UnknownCpuError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::names().iter().find(|(name, _)| *name == text);
        found.map(|(_, cpu)| *cpu).ok_or_else(|| UnknownCpuError {
            name: text.to_owned(),
        })
    }
}

/// Those of these features that this machine lacks or doesn't know.
pub(super) fn unavailable(features: &[String]) -> Vec<&str> {
    let is_here = |name: &str| {
        let known = CPU_FEATURES.iter().find(|feature| feature.name == name);
        known.is_some_and(|feature| (feature.is_here)())
    };
    features
        .iter()
        .map(String::as_str)
        .filter(|name| !is_here(name))
        .collect()
}

/// This kind of machine, as Cranelift calls it. The C library makes no difference.
fn machine() -> String {
    match OS {
        "macos" => format!("{ARCH}-apple-darwin"),
        "linux" => format!("{ARCH}-unknown-linux-gnu"),
        system => format!("{ARCH}-unknown-{system}"),
    }
}

fn one_of(names: &[(&str, TargetCpu)]) -> String {
    let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
    match names.split_last() {
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(cpu: TargetCpu) -> Vec<&'static str> {
        cpu.features().map(|feature| feature.name).collect()
    }

    #[test]
    fn each_processor_has_a_name_and_a_code() {
        for cpu in [TargetCpu::Baseline, TargetCpu::Native] {
            assert_eq!(cpu.name().parse::<TargetCpu>().unwrap(), cpu);
            assert_eq!(TargetCpu::of_code(cpu.code()), Some(cpu));
        }
        assert_eq!(TargetCpu::of_code(0), None, "stands for none");
        let error = "x86-64-v9".parse::<TargetCpu>().unwrap_err().to_string();
        assert!(
            error.contains("`x86-64-v9`")
                && error.contains("baseline")
                && error.ends_with(" or native"),
            "{error}"
        );
    }

    #[test]
    fn this_machine_has_all_features_of_its_own_processor_and_no_unknown_one() {
        assert!(TargetCpu::Native.lacking().is_empty());
        let mut features: Vec<String> = names(TargetCpu::Native)
            .into_iter()
            .map(str::to_owned)
            .collect();
        assert!(unavailable(&features).is_empty());
        features.push("telepathy".to_owned());
        assert_eq!(unavailable(&features), ["telepathy"]);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_higher_level_contains_the_lower_ones() {
        let (baseline, third) = (names(TargetCpu::Baseline), names(TargetCpu::X86_64V3));
        assert!(baseline.contains(&"sse4.2") && !baseline.contains(&"avx2"));
        assert!(third.contains(&"avx2") && !third.contains(&"avx512f"));
        assert!(baseline.iter().all(|name| third.contains(name)));
        assert_eq!(
            "x86-64-v2".parse::<TargetCpu>().unwrap(),
            TargetCpu::Baseline
        );
    }
}
