//! Certificates for tests. They give access to nothing. All but the self-signed one are signed by the authority, whose
//! key was deleted, and belong to one key.

pub(super) const AUTHORITY: &str =
    include_str!("../../../tests/suite/egress/tls/fixtures/authority.pem");
pub(super) const GOOD: &str = include_str!("../../../tests/suite/egress/tls/fixtures/good.pem");
pub(super) const EXPIRED: &str =
    include_str!("../../../tests/suite/egress/tls/fixtures/expired.pem");
pub(super) const NOT_YET_VALID: &str =
    include_str!("../../../tests/suite/egress/tls/fixtures/not-yet-valid.pem");
pub(super) const SELF_SIGNED: &str =
    include_str!("../../../tests/suite/egress/tls/fixtures/self-signed.pem");
pub(super) const KEY: &str = include_str!("../../../tests/suite/egress/tls/fixtures/server.key");
