//! What users read if the admin listener gives no answer.

use std::io;
use std::time::Duration;

use http::StatusCode;

use super::AdminClientError;
use crate::config::AdminAddress;
use crate::samples::{messages, samples};

#[test]
fn admin_listener_gives_no_answer_with_these_messages() {
    let address = || "127.0.0.1:9090".parse::<AdminAddress>().unwrap();
    let source = || io::Error::from(io::ErrorKind::ConnectionRefused);
    let errors = samples!(AdminClientError:
        AdminClientError::Unreachable { .. } => AdminClientError::Unreachable { address: address(), source: source() },
        AdminClientError::Unauthorized { .. } => AdminClientError::Unauthorized { address: address() },
        AdminClientError::Key => AdminClientError::Key,
        AdminClientError::Refused { .. } => AdminClientError::Refused {
            address: address(),
            status: StatusCode::NOT_FOUND,
            message: "Not Found".to_owned(),
        },
        AdminClientError::Broken { .. } => AdminClientError::Broken { address: address(), source: "the cause".into() },
        AdminClientError::Timeout { .. } => AdminClientError::Timeout { address: address(), limit: Duration::from_secs(30) },
        AdminClientError::TooLarge { .. } => AdminClientError::TooLarge { address: address(), limit_bytes: 64 << 20 },
    );
    insta::assert_snapshot!(messages(&errors));
}
