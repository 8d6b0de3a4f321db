//! What a language's scan finds in the source. The scan is a program in that language, which prints this as JSON.

use serde::Deserialize;

/// What the source says about the function.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionFindings {
    /// The entry, as people read it: `handler(req) in main.py, under @functions_framework.http`.
    pub(super) entry: String,
    /// The variable with the key that the function itself checks; the shim sets and sends it.
    pub(super) key_variable: Option<String>,
    /// Where the function looks for that key, in words: `the header x-api-key`.
    pub(super) key_place: Option<String>,
    /// The other variables that the source names, in its order.
    pub(super) variables: Vec<FoundVariable>,
    /// The origins of the URLs in the source, such as `https://api.example.com`.
    pub(super) hosts: Vec<FoundHost>,
    /// Names of variables and hosts that are no literals: where, and what stands there.
    pub(super) not_literal: Vec<String>,
    /// The packages that are bundled, with their versions: `pytz 2026.6`.
    pub(super) packages: Vec<String>,
    /// Hints for `NAME.toml`, one line each.
    pub(super) hints: Vec<String>,
    /// What will differ from the function's own platform, and what was odd; one line each.
    pub(super) notes: Vec<String>,
}

/// A variable that the source reads.
#[derive(Debug, Deserialize)]
pub(super) struct FoundVariable {
    pub(super) name: String,
    /// `main.py, line 3`.
    pub(super) place: String,
    /// Whether the function goes on without it: the source has a value in its place, or asks whether it is there.
    #[serde(default)]
    pub(super) has_default: bool,
}

/// A host that the source names.
#[derive(Debug, Deserialize)]
pub(super) struct FoundHost {
    pub(super) origin: String,
    /// `main.py, line 3`.
    pub(super) place: String,
}
