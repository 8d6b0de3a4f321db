//! The features of processors that compiled code may use, on each architecture.

/// The lowest of the named processors that has a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CpuLevel {
    /// x86-64-v2, or ARMv8.
    Baseline,
    /// x86-64-v3.
    #[cfg_attr(
        not(target_arch = "x86_64"),
        allow(dead_code, reason = "one type for all architectures")
    )]
    X86_64V3,
    /// Only some processors have it.
    Beyond,
}

/// A feature of processors.
pub(crate) struct CpuFeature {
    /// Its name in compiled files.
    pub(crate) name: &'static str,
    /// The setting of Cranelift that lets it use the feature.
    pub(crate) setting: &'static str,
    pub(crate) level: CpuLevel,
    /// Whether this machine's processor has it.
    pub(crate) is_here: fn() -> bool,
}

/// All features that Cranelift knows.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
pub(crate) static CPU_FEATURES: &[CpuFeature] = {
    use CpuLevel::{Baseline, Beyond, X86_64V3};
    use std::is_x86_feature_detected as is_here;
    &[
        CpuFeature { name: "cmpxchg16b", setting: "has_cmpxchg16b", level: Baseline, is_here: || is_here!("cmpxchg16b") },
        CpuFeature { name: "sse3", setting: "has_sse3", level: Baseline, is_here: || is_here!("sse3") },
        CpuFeature { name: "ssse3", setting: "has_ssse3", level: Baseline, is_here: || is_here!("ssse3") },
        CpuFeature { name: "sse4.1", setting: "has_sse41", level: Baseline, is_here: || is_here!("sse4.1") },
        CpuFeature { name: "sse4.2", setting: "has_sse42", level: Baseline, is_here: || is_here!("sse4.2") },
        CpuFeature { name: "popcnt", setting: "has_popcnt", level: Baseline, is_here: || is_here!("popcnt") },
        CpuFeature { name: "avx", setting: "has_avx", level: X86_64V3, is_here: || is_here!("avx") },
        CpuFeature { name: "avx2", setting: "has_avx2", level: X86_64V3, is_here: || is_here!("avx2") },
        CpuFeature { name: "bmi1", setting: "has_bmi1", level: X86_64V3, is_here: || is_here!("bmi1") },
        CpuFeature { name: "bmi2", setting: "has_bmi2", level: X86_64V3, is_here: || is_here!("bmi2") },
        CpuFeature { name: "fma", setting: "has_fma", level: X86_64V3, is_here: || is_here!("fma") },
        CpuFeature { name: "lzcnt", setting: "has_lzcnt", level: X86_64V3, is_here: || is_here!("lzcnt") },
        CpuFeature { name: "avxvnni", setting: "has_avx_vnni", level: Beyond, is_here: || is_here!("avxvnni") },
        CpuFeature { name: "avx512f", setting: "has_avx512f", level: Beyond, is_here: || is_here!("avx512f") },
        CpuFeature { name: "avx512dq", setting: "has_avx512dq", level: Beyond, is_here: || is_here!("avx512dq") },
        CpuFeature { name: "avx512vl", setting: "has_avx512vl", level: Beyond, is_here: || is_here!("avx512vl") },
        CpuFeature { name: "avx512vbmi", setting: "has_avx512vbmi", level: Beyond, is_here: || is_here!("avx512vbmi") },
        CpuFeature { name: "avx512bitalg", setting: "has_avx512bitalg", level: Beyond, is_here: || is_here!("avx512bitalg") },
        CpuFeature { name: "avx512vnni", setting: "has_avx512vnni", level: Beyond, is_here: || is_here!("avx512vnni") },
    ]
};

/// All features that Cranelift knows. The baseline has none of them.
#[cfg(target_arch = "aarch64")]
#[rustfmt::skip]
pub(crate) static CPU_FEATURES: &[CpuFeature] = {
    use CpuLevel::Beyond;
    use std::arch::is_aarch64_feature_detected as is_here;
    &[
        CpuFeature { name: "lse", setting: "has_lse", level: Beyond, is_here: || is_here!("lse") },
        CpuFeature { name: "paca", setting: "has_pauth", level: Beyond, is_here: || is_here!("paca") },
        CpuFeature { name: "fp16", setting: "has_fp16", level: Beyond, is_here: || is_here!("fp16") },
        CpuFeature { name: "dotprod", setting: "has_dotprod", level: Beyond, is_here: || is_here!("dotprod") },
        CpuFeature { name: "i8mm", setting: "has_i8mm", level: Beyond, is_here: || is_here!("i8mm") },
    ]
};

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) static CPU_FEATURES: &[CpuFeature] = &[];
