//! Refresh tokens that are over, under the names that providers have for it.

/// Codes of a renewal's refusal, with letters and digits alone.
const CODES: [&str; 16] = [
    "invalidgrant",
    "invalidrefreshtoken",
    "badrefreshtoken",
    "refreshtokeninvalid",
    "refreshtokenexpired",
    "refreshtokenrevoked",
    "refreshtokennotfound",
    "expiredrefreshtoken",
    "revokedrefreshtoken",
    "invalidrefresh",
    "tokenrevoked",
    "tokenexpired",
    "expiredtoken",
    "revokedtoken",
    "invalidtoken",
    "invalidcode",
];

/// Words that say it of a refresh token, and those that say that the request's form is wrong.
const ENDS: [&str; 8] = [
    "expired",
    "revoked",
    "invalid",
    "not valid",
    "not found",
    "does not exist",
    "already used",
    "no longer",
];
const FORMS: [&str; 5] = [
    "is missing",
    "missing refresh",
    "required",
    "parameter",
    "must be",
];

/// How a refresh token is spoken of.
const SUBJECTS: [&str; 3] = ["refresh token", "refreshtoken", "passed for the token"];

/// Whether a refusal says that the refresh token of the request is over or was used up.
pub(super) fn is_told(code: &str, description: &str) -> bool {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    if CODES.contains(&plain.as_str()) {
        return true;
    }
    let said = format!("{code} {description}")
        .to_ascii_lowercase()
        .replace(['_', '-'], " ");
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let of_the_client = ["invalidclient", "unauthorizedclient"].contains(&plain.as_str());
    says(&SUBJECTS) && says(&ENDS) && !says(&FORMS) && !of_the_client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_that_is_over_is_known_under_every_name() {
        for (code, description, expected) in [
            ("invalid_grant", "", true),
            ("INVALID_GRANT", "", true),
            ("invalid_refresh_token", "", true),
            ("BAD_REFRESH_TOKEN", "", true),
            ("token_revoked", "", true),
            ("invalid_code", "", true),
            ("", "Refresh token has expired", true),
            ("400", "The refresh_token is revoked.", true),
            ("invalid_request", "refresh token not found", true),
            ("", "missing or invalid refresh token", true),
            (
                "invalid_request",
                "Value passed for the token was invalid.",
                true,
            ),
            ("invalid_client", "the refresh token is invalid", false),
            (
                "invalid_request",
                "invalid request: refresh_token is missing",
                false,
            ),
            ("invalid_request", "invalid parameter: refresh_token", false),
            ("invalid_scope", "", false),
            ("", "the session expired", false),
        ] {
            assert_eq!(is_told(code, description), expected, "{code} {description}");
        }
    }
}
