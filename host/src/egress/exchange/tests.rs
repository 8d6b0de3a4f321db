use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::super::call_target::CallTarget;
use super::super::connection::DialTimes;
use super::super::error::EgressError;
use super::super::outgoing::{OutgoingBody, StreamedBody};
use super::bounded_body::BodyFault;
use super::*;
use crate::account::HostAccount;
use crate::config::Limits;
use crate::scope::DeadlineReason;
use crate::secrets::Secrets;

/// A guest that always writes, or never.
struct Guest {
    writes: bool,
}

impl Body for Guest {
    type Data = Bytes;
    type Error = TransferError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransferError>>> {
        if self.writes {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"row")))))
        } else {
            Poll::Pending
        }
    }
}

fn tag_of(life: &Arc<ConnectionLife>) -> Option<ConnectionTag> {
    Some(ConnectionTag {
        is_proxied: false,
        times: DialTimes {
            began: Instant::now(),
            resolve: Duration::ZERO,
            connect: Duration::ZERO,
        },
        life: Some(life.clone()),
    })
}

#[tokio::test(start_paused = true)]
async fn request_is_given_up_a_second_after_its_connection_is_gone() {
    let (first, second) = (Arc::default(), Arc::<ConnectionLife>::default());
    let began = Instant::now();
    // While the connection exists, the client has all the time it needs.
    let waiting = forgotten(|| tag_of(&first), tag_of(&first));
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    assert!(waited.is_err());
    first.leave();
    let life = forgotten(|| tag_of(&first), tag_of(&first)).await;
    assert!(Arc::ptr_eq(&life, &first));
    assert_eq!(began.elapsed(), Duration::from_secs(61));
    // The client takes another one meanwhile, or has none.
    for next in [tag_of(&second), None] {
        let waiting = forgotten(|| next.clone(), tag_of(&first));
        let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
        assert!(waited.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn request_that_is_still_being_written_ends_with_its_time() {
    for (writes, time) in [
        (true, Duration::ZERO),
        (false, Duration::ZERO),
        (false, Duration::from_secs(300)),
    ] {
        let deadline = Deadline::new(Instant::now(), time, DeadlineReason::Total);
        let scope = Arc::new(CallScope::new(
            &Limits::default(),
            deadline,
            Arc::default(),
            &HostAccount::new(u64::MAX),
        ));
        let streamed = StreamedBody {
            body: Guest { writes }.boxed_unsync(),
            length: None,
        };
        let target = CallTarget::new("https://api.example.com/".parse().unwrap());
        let secrets = Secrets::of("shop");
        let record = CallRecord::new("shop".into(), "POST", Some(&target), secrets);
        let body = bounded(
            OutgoingBody::Streamed(streamed),
            1000,
            deadline,
            &scope,
            &record,
        )
        .unwrap();
        let error = body.collect().await.unwrap_err();
        let fault = error
            .downcast_ref::<BodyFault>()
            .map(|fault| fault.into_error(record.phases().spent()));
        assert!(
            matches!(
                fault,
                Some(EgressError::Timeout {
                    limit: Timeout::Deadline(bound),
                    ..
                }) if bound == deadline.bound()
            ),
            "{writes} {time:?}: {error}"
        );
        assert_eq!(Instant::now(), deadline.at, "{writes}");
    }
}
