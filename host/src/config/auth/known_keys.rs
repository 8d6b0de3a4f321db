//! For a key that has no meaning where it is: the kinds and grants that it belongs to.

use crate::config::error::Problem;

const API_KEY: &str = "kind = \"api-key\"";
const BASIC: &str = "kind = \"basic\"";
const BEARER: &str = "kind = \"bearer\"";
const JWT: &str = "kind = \"jwt\"";
const OAUTH2: &str = "kind = \"oauth2\"";
const SESSION: &str = "kind = \"session\"";
const REFRESH_TOKEN: &str = "grant = \"refresh-token\"";
const PASSWORD: &str = "grant = \"password\"";
const JWT_BEARER: &str = "grant = \"jwt-bearer\"";

/// Keys that only some kinds or grants have, each with those kinds and grants.
const HOLDERS: [(&str, &[&str]); 42] = [
    ("value", &[API_KEY]),
    ("token", &[BEARER]),
    ("query", &[API_KEY, SESSION]),
    ("cookie", &[API_KEY, SESSION]),
    ("header", &[API_KEY, JWT, OAUTH2, SESSION]),
    ("prefix", &[API_KEY, JWT, OAUTH2, SESSION]),
    ("username", &[BASIC, PASSWORD, SESSION]),
    ("password", &[BASIC, PASSWORD, SESSION]),
    ("algorithm", &[JWT, JWT_BEARER]),
    ("key", &[JWT, JWT_BEARER]),
    ("key-encoding", &[JWT, JWT_BEARER]),
    ("key-file", &[JWT_BEARER]),
    ("subject", &[JWT_BEARER]),
    ("claims", &[JWT, JWT_BEARER]),
    ("backdate", &[JWT, JWT_BEARER]),
    ("expires-in", &[JWT, JWT_BEARER, SESSION]),
    ("headers", &[JWT, OAUTH2, SESSION]),
    ("request-headers", &[JWT_BEARER]),
    ("grant", &[OAUTH2]),
    ("token-url", &[OAUTH2]),
    ("client-id", &[OAUTH2]),
    ("client-secret", &[OAUTH2]),
    ("client-auth", &[OAUTH2]),
    ("scopes", &[OAUTH2]),
    ("scope-separator", &[OAUTH2]),
    ("audience", &[OAUTH2]),
    ("extra", &[OAUTH2]),
    ("token-types", &[OAUTH2, SESSION]),
    ("refresh-token", &[REFRESH_TOKEN]),
    ("refresh-url", &[REFRESH_TOKEN]),
    ("scopes-in-renewals", &[REFRESH_TOKEN]),
    ("authorize-url", &[REFRESH_TOKEN]),
    ("redirect-uri", &[REFRESH_TOKEN]),
    ("pkce", &[REFRESH_TOKEN]),
    ("login-url", &[SESSION]),
    ("parameters", &[SESSION]),
    ("token-header", &[SESSION]),
    ("token-cookie", &[SESSION]),
    ("token-path", &[OAUTH2, SESSION]),
    ("body", &[OAUTH2, SESSION]),
    ("method", &[OAUTH2, SESSION]),
    ("variables", &[OAUTH2, SESSION]),
];

/// The problem for an unknown key of a credential of this kind; it names the kinds and grants that know the key.
pub(super) fn explained(mut problem: Problem, kind: &str) -> Problem {
    let key = problem.key.as_deref().unwrap_or_default();
    let key = key.rsplit('.').next().unwrap_or_default();
    let holders = HOLDERS.iter().find(|(name, _)| *name == key);
    let own = format!("kind = \"{kind}\"");
    let others = holders.map_or(&[][..], |(_, holders)| *holders);
    let others: Vec<&str> = others
        .iter()
        .copied()
        .filter(|holder| *holder != own)
        .collect();
    if !others.is_empty() {
        problem.message = format!(
            "this key has no meaning here: it belongs to {}",
            others.join(", ")
        );
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misplaced_key_is_reported_with_the_kinds_it_belongs_to() {
        let message = |key: &str| {
            let problem = Problem {
                line: 1,
                column: 1,
                key: Some(format!("auth.api.{key}")),
                message: "unknown key; did you mean `it`?".to_owned(),
                concerns_machine: false,
                is_beyond_policy: false,
            };
            explained(problem, "oauth2").message
        };
        assert_eq!(
            message("login-url"),
            "this key has no meaning here: it belongs to kind = \"session\""
        );
        assert!(message("key-file").ends_with("grant = \"jwt-bearer\""));
        // The key is known for this kind, so the message doesn't name other kinds.
        assert_eq!(message("client-secret"), message("log-in-url"));
        assert_eq!(message("log-in-url"), "unknown key; did you mean `it`?");
    }
}
