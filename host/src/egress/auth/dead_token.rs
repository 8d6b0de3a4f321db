//! Recognizes refresh tokens that are no longer valid, in the words of the providers.

/// Codes with which a renewal is refused, reduced to letters and digits.
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

/// Words that declare a refresh token invalid, and words that declare the form of the request invalid.
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

/// How providers refer to a refresh token.
const SUBJECTS: [&str; 3] = ["refresh token", "refreshtoken", "passed for the token"];

/// Whether a refusal says that the refresh token of the request is no longer valid or was already used.
pub(super) fn is_reported(code: &str, description: &str) -> bool {
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
    fn an_invalid_refresh_token_is_recognized_in_every_wording() {
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
            assert_eq!(
                is_reported(code, description),
                expected,
                "{code} {description}"
            );
        }
    }
}
