//! The waits of a call that waits for a token.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::endpoint::TokenEndpoint;
use crate::waits::{Wait, WaitReason, Waits};

/// How often the token request's own wait is checked.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Awaits the result of a token request. Meanwhile the call's `waits` show until when the request itself waits, for
/// example because the endpoint asked for it.
pub(super) async fn awaited<T>(
    endpoint: &TokenEndpoint,
    waits: &Arc<Waits>,
    request: impl Future<Output = T>,
) -> T {
    let begin = |until| {
        let credential = endpoint.name.to_string();
        waits.begin(Wait {
            reason: WaitReason::Token { credential },
            until,
        })
    };
    let mut request = pin!(request);
    let mut until = None;
    let mut waiting = begin(until);
    loop {
        tokio::select! {
            biased;
            outcome = &mut request => return outcome,
            () = tokio::time::sleep(LOOK_INTERVAL) => {}
        }
        let due = endpoint.due();
        if due != until {
            until = due;
            drop(waiting);
            waiting = begin(until);
        }
    }
}
