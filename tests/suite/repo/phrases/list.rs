//! The phrases, with what to write instead.

/// A phrase, and what to write instead.
pub(super) struct Phrase {
    /// Its words; `a|b` is either of them.
    pub(super) words: &'static str,
    /// Words that may stand before it, which make it right.
    pub(super) unless_after: &'static [&'static str],
    /// What may follow it, which makes it right.
    pub(super) unless_before: &'static [&'static str],
    /// What must follow it; anything if there is nothing here.
    pub(super) only_before: &'static [&'static str],
    pub(super) instead: &'static str,
}

const fn phrase(words: &'static str, instead: &'static str) -> Phrase {
    Phrase {
        words,
        unless_after: &[],
        unless_before: &[],
        only_before: &[],
        instead,
    }
}

pub(super) const BE: &str = "is|are|was|were|be|been|being|isn't|aren't";
const COMPARED: [&str; 14] = [
    "longer",
    "more than",
    "less than",
    "fewer than",
    "larger than",
    "later than",
    "smaller than",
    "better than",
    "older than",
    "newer than",
    "different than",
    "longer than",
    "different",
    "way",
];
const ENDS: [&str; 13] = [
    ".", ",", ";", ":", ")", "\"", " and ", " or ", " but ", " then ", " if ", " when ", " once ",
];

pub(super) const PHRASES: [Phrase; 19] = [
    Phrase {
        unless_after: &["there", "there's"],
        unless_before: &COMPARED,
        ..phrase("BE no", "`is not a`, or `has no`")
    },
    Phrase {
        unless_after: &["there", "there's"],
        unless_before: &["of"],
        ..phrase("BE none", "`is missing`, `is not one`")
    },
    phrase("anew", "`again`, or `from the start`"),
    Phrase {
        unless_before: &["for"],
        ..phrase("stand|stands|stood in", "`is in`")
    },
    phrase("BE told", "`is reported`, `receives`, `learns`"),
    phrase("none where|if|when", "`None` if …, or `nothing if`"),
    phrase("BE had", "`could not be obtained`, `is fetched`"),
    Phrase {
        only_before: &ENDS,
        ..phrase("no more", "`no longer`, or `nothing else`")
    },
    phrase("a|an own", "`its own`, or `a … of its own`"),
    phrase("mend|mends|mended|mending", "`fix`"),
    phrase("with|without a word", "`with a message`, `silently`"),
    phrase("where there is|are|was none", "`if there is no …`"),
    phrase("where it|they|that has|is|are|was none", "`if it has no …`"),
    phrase(
        "come|comes to nothing",
        "`has no effect`, `makes no progress`",
    ),
    phrase("count|counts more", "`takes precedence over`"),
    phrase("go|goes on with", "`continues`"),
    phrase("is|are gone on", "`continues`"),
    phrase("than is good", "`too …`"),
    phrase("what for", "`why`"),
];

/// Verbs after `who` without a person before it: `who asks` for `the caller`.
pub(super) const VERBS: &str = "ask asks come comes wait waits call calls read reads want wants write writes look looks hold holds made make \
                     makes send sends take takes give gives get gets need needs pay pays goes has have is does knows can may must";

/// What `who` may refer to.
pub(super) const PERSONS: &str = "one ones those anyone someone everyone somebody anybody everybody nobody people person persons user users \
                       caller callers client clients author authors engineer engineers operator operators newcomer newcomers \
                       reader readers developer developers attacker attackers stranger strangers customer customers he she they \
                       you and or maintainer maintainers";
