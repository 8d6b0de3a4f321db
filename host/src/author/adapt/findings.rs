//! The findings of a language's scan of the source. The scan is a program in that language, which prints them as JSON.

use serde::Deserialize;

/// What a scan found out about the function.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionFindings {
    /// A description of the entry: `handler(req) in main.py, under @functions_framework.http`.
    pub(super) entry: String,
    /// The variable with the key that the function itself checks; the shim sets and sends it.
    pub(super) key_variable: Option<String>,
    /// A description of where the function looks for that key: `the header x-api-key`.
    pub(super) key_place: Option<String>,
    /// The other variables in the source, in order of appearance.
    pub(super) variables: Vec<FoundVariable>,
    /// The origins of the URLs in the source, such as `https://api.example.com`.
    pub(super) hosts: Vec<FoundHost>,
    /// Names of variables and hosts that are not literals: the place and the expression.
    pub(super) not_literal: Vec<String>,
    /// The packages that are bundled, with their versions: `pytz 2026.6`.
    pub(super) packages: Vec<String>,
    /// Hints for `NAME.toml`, one line each.
    pub(super) hints: Vec<String>,
    /// Differences from the function's own platform, and oddities; one line each.
    pub(super) notes: Vec<String>,
}

/// A variable that the source reads.
#[derive(Debug, Deserialize)]
pub(super) struct FoundVariable {
    pub(super) name: String,
    /// The place in the source, such as `main.py:3`.
    pub(super) place: String,
    /// Whether the function works without it: the source has a default, or checks whether it is set.
    #[serde(default)]
    pub(super) has_default: bool,
}

/// A host in the source.
#[derive(Debug, Deserialize)]
pub(super) struct FoundHost {
    pub(super) origin: String,
    /// The place in the source, such as `main.py:3`.
    pub(super) place: String,
}
