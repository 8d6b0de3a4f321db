//! The order of the certificates in a file: the server's first, then each issuer directly after what it issued
//! (RFC 8446, section 4.4.2). Some clients refuse any other order.

use rustls::pki_types::CertificateDer;

use super::der::CertificateFields;

/// Two certificates of a file that don't follow each other as they should. Both are numbers, starting at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Disorder {
    pub(super) issued: usize,
    pub(super) issuer: usize,
}

/// The first pair that is in the wrong order; `None` if there is none. A certificate whose issuer is not in the file
/// ends the chain, and what follows it doesn't matter.
pub(super) fn disorder(chain: &[CertificateDer<'_>]) -> Option<Disorder> {
    let fields: Option<Vec<_>> = chain
        .iter()
        .map(|certificate| CertificateFields::of(certificate))
        .collect();
    let fields = fields?;
    for (place, issued) in fields.iter().enumerate() {
        if issued.issuer == issued.subject {
            return None;
        }
        let issuer = fields
            .iter()
            .enumerate()
            .find(|(other, issuer)| *other != place && issuer.subject == issued.issuer);
        let (issuer, _) = issuer?;
        if issuer != place + 1 {
            return Some(Disorder {
                issued: place + 1,
                issuer: issuer + 1,
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject;

    use super::super::fixtures::{AUTHORITY, GOOD, SELF_SIGNED};
    use super::*;

    #[test]
    fn issuers_must_follow_what_they_issued() {
        for (what, pems, expected) in [
            ("one", &[GOOD][..], None),
            ("in order", &[GOOD, AUTHORITY], None),
            (
                "more after the authority",
                &[GOOD, AUTHORITY, SELF_SIGNED],
                None,
            ),
            ("more without its issuer", &[GOOD, SELF_SIGNED], None),
            ("self-signed", &[SELF_SIGNED], None),
            (
                "with another between them",
                &[GOOD, SELF_SIGNED, AUTHORITY],
                Some((1, 3)),
            ),
        ] {
            let chain: Vec<_> = pems
                .iter()
                .map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
                .collect();
            let expected = expected.map(|(issued, issuer)| Disorder { issued, issuer });
            assert_eq!(disorder(&chain), expected, "{what}");
        }
    }
}
