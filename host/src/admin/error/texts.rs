//! One error of each kind, for the test that holds their texts.

use std::io;

use super::AdminError;
use crate::samples::{messages, samples};

#[test]
fn admin_listener_fails_to_start_with_these_messages() {
    let path = || "/run/weld-host/admin.sock".into();
    let source = || io::Error::from(io::ErrorKind::PermissionDenied);
    let errors = samples!(AdminError:
        AdminError::Listen { .. } => AdminError::Listen { address: "127.0.0.1:80".parse().unwrap(), source: source() },
        AdminError::SocketInUse { .. } => AdminError::SocketInUse { path: path() },
        AdminError::NotASocket { .. } => AdminError::NotASocket { path: path() },
        AdminError::Socket { .. } => AdminError::Socket { path: path(), source: source() },
    );
    insta::assert_snapshot!(messages(&errors));
}
