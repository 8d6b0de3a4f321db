use super::super::fixtures::{AUTHORITY, EXPIRED, GOOD, KEY, NOT_YET_VALID, SELF_SIGNED};
use super::*;

/// A key of no certificate here.
const OTHER_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
";

fn now() -> Timestamp {
    "2026-11-30T12:00:00Z".parse().unwrap()
}

fn files() -> CertificateFiles {
    CertificateFiles {
        certificate: "server.pem".into(),
        key: "server.key".into(),
    }
}

fn read(certificate: &str, key: &str) -> Result<CertificatePair, CertificateError> {
    let content = |path: &Path| {
        let is_key = path == Path::new("server.key");
        Ok((if is_key { key } else { certificate }).as_bytes().to_vec())
    };
    files().read(content, now())
}

#[test]
fn pair_is_read_with_its_expiry() {
    let last = "2125-12-31T00:00:00Z".parse().unwrap();
    for (what, certificate, key) in [
        ("alone", GOOD.to_owned(), KEY.to_owned()),
        (
            "with its authority",
            format!("{GOOD}{AUTHORITY}"),
            KEY.to_owned(),
        ),
        (
            "both in both files",
            format!("{KEY}{GOOD}"),
            format!("{KEY}{GOOD}"),
        ),
        (
            "with text around it",
            format!("My own\n{GOOD}"),
            format!("my key\n{KEY}"),
        ),
        (
            "from another system",
            GOOD.replace('\n', "\r\n"),
            KEY.replace('\n', "\r\n"),
        ),
    ] {
        let pair = read(&certificate, &key).expect(what);
        assert_eq!(pair.not_after, last, "{what}");
    }
}

#[test]
fn pair_that_cannot_be_used_is_refused_with_its_reason() {
    type Refusal = fn(&CertificateError) -> bool;
    let hollow =
        |label: &str| format!("-----BEGIN {label}-----\naGVsbG8=\n-----END {label}-----\n");
    let cases: [(&str, String, String, Refusal); 17] = [
        ("no certificate", "text".into(), KEY.into(), |error| {
            matches!(error, CertificateError::NoCertificate(_))
        }),
        ("empty certificate", " \n".into(), KEY.into(), |error| {
            matches!(
                error,
                CertificateError::Empty {
                    flag: "--tls-cert",
                    ..
                }
            )
        }),
        ("empty key", GOOD.into(), String::new(), |error| {
            matches!(
                error,
                CertificateError::Empty {
                    flag: "--tls-key",
                    ..
                }
            )
        }),
        ("swapped", KEY.into(), GOOD.into(), |error| {
            matches!(error, CertificateError::Swapped { .. })
        }),
        (
            "cut certificate",
            GOOD.replace("-----END", ""),
            KEY.into(),
            |error| {
                matches!(
                    error,
                    CertificateError::Damaged {
                        flag: "--tls-cert",
                        ..
                    }
                )
            },
        ),
        (
            "cut key",
            GOOD.into(),
            KEY.replace("-----END", ""),
            |error| {
                matches!(
                    error,
                    CertificateError::Damaged {
                        flag: "--tls-key",
                        ..
                    }
                )
            },
        ),
        (
            "hollow certificate",
            format!("{GOOD}{}", hollow("CERTIFICATE")),
            KEY.into(),
            |error| {
                matches!(
                    error,
                    CertificateError::InvalidCertificate { number: 2, .. }
                )
            },
        ),
        ("no key", GOOD.into(), GOOD.into(), |error| {
            matches!(error, CertificateError::NoKey(_))
        }),
        (
            "encrypted key",
            GOOD.into(),
            hollow("ENCRYPTED PRIVATE KEY"),
            |error| matches!(error, CertificateError::EncryptedKey(_)),
        ),
        (
            "old encrypted key",
            GOOD.into(),
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n".into(),
            |error| matches!(error, CertificateError::EncryptedKey(_)),
        ),
        (
            "two keys",
            GOOD.into(),
            format!("{KEY}{OTHER_KEY}"),
            |error| matches!(error, CertificateError::SeveralKeys(_)),
        ),
        ("hollow key", GOOD.into(), hollow("PRIVATE KEY"), |error| {
            matches!(error, CertificateError::UnusableKey(_))
        }),
        ("another's key", GOOD.into(), OTHER_KEY.into(), |error| {
            matches!(error, CertificateError::OtherKey { .. })
        }),
        (
            "authority first",
            format!("{AUTHORITY}{GOOD}"),
            KEY.into(),
            |error| matches!(error, CertificateError::ServerNotFirst { number: 2, .. }),
        ),
        (
            "wrong order",
            format!("{GOOD}{SELF_SIGNED}{AUTHORITY}"),
            KEY.into(),
            |error| {
                matches!(
                    error,
                    CertificateError::WrongOrder {
                        issued: 1,
                        issuer: 3,
                        ..
                    }
                )
            },
        ),
        ("expired", EXPIRED.into(), KEY.into(), |error| {
            matches!(error, CertificateError::Expired { .. })
        }),
        ("too early", NOT_YET_VALID.into(), KEY.into(), |error| {
            matches!(error, CertificateError::NotYetValid { .. })
        }),
    ];
    for (what, certificate, key, is_expected) in cases {
        let error = read(&certificate, &key).expect_err(what);
        assert!(is_expected(&error), "{what}: {error:?}");
    }
}

#[test]
fn missing_file_is_named() {
    let missing = |_: &Path| Err(FileFault::Io(std::io::ErrorKind::NotFound.into()));
    let error = files().read(missing, now()).expect_err("no file");
    assert!(
        matches!(&error, CertificateError::Unreadable { path, .. } if path == Path::new("server.pem")),
        "{error:?}"
    );
}
