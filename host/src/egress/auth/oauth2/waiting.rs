//! What a call is told that waits for a token.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::endpoint::TokenEndpoint;
use crate::waits::{Wait, WaitReason, Waits};

/// How often it is looked whether the token's request waits for a time itself.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Awaits what comes of a request for a token. Meanwhile the call's `waits` say until when the request itself waits, as for
/// an endpoint that asked for it.
pub(super) async fn told<T>(
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
