//! The fingerprint of a credential, by which kept tokens are compared.

use sha2::{Digest, Sha256};

use super::{URL, read};

/// The digest of values in the order in which they are read.
fn digest(values: &[(&str, &str)]) -> [u8; 32] {
    let mut digest = Sha256::new();
    let kind = ("kind", "oauth2");
    for part in [&kind]
        .into_iter()
        .chain(values)
        .flat_map(|(key, text)| [key, text])
    {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// A token on disk has the fingerprint that an earlier release computed.
#[test]
fn a_fingerprint_depends_on_values_in_a_fixed_order() {
    let url = ("token-url", "https://login.example.com/token");
    let cases: [(&str, &[(&str, &str)]); 4] = [
        (
            "grant = 'client-credentials'\nscopes = ['a', 'b']\nclient-secret = 's'\nextra.tenant = 't'\naudience = 'u'",
            &[
                ("grant", "client-credentials"),
                url,
                ("client-id", "me"),
                ("client-secret", "s"),
                ("scopes", "a"),
                ("scopes", "b"),
                ("audience", "u"),
                ("tenant", "t"),
            ],
        ),
        (
            "grant = 'refresh-token'\nrefresh-token = 'r'\nauthorize-url = 'https://login.example.com/'\nheader = 'x-token'",
            &[
                ("grant", "refresh-token"),
                url,
                ("client-id", "me"),
                ("authorize-url", "https://login.example.com/"),
                ("refresh-token", "r"),
                ("header", "x-token"),
            ],
        ),
        (
            "grant = 'password'\npassword = 'p'\nusername = 'n'\nclient-auth = 'private-key-jwt'\nalgorithm = 'HS256'\nkey = 'k'\nprefix = 'T '",
            &[
                ("grant", "password"),
                url,
                ("client-auth", "private-key-jwt"),
                ("client-id", "me"),
                ("algorithm", "HS256"),
                ("key", "k"),
                ("headers", "{}"),
                ("username", "n"),
                ("password", "p"),
                ("prefix", "T "),
            ],
        ),
        (
            "grant = 'jwt-bearer'\nclaims.iss = 'i'\nexpires-in = '1m'\nalgorithm = 'HS256'\nkey = 'k'\nscopes = ['a']",
            &[
                ("grant", "jwt-bearer"),
                url,
                ("client-id", "me"),
                ("scopes", "a"),
                ("algorithm", "HS256"),
                ("key", "k"),
                ("claims", "{\"iss\":\"i\"}"),
                ("headers", "{}"),
                ("expires-in", "1m"),
            ],
        ),
    ];
    for (keys, values) in cases {
        let config = read(&format!("{URL}client-id = 'me'\n{keys}"));
        assert_eq!(config.fingerprint, digest(values), "{keys}");
    }
}
