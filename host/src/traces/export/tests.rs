use std::future::{pending, ready};
use std::io;

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::answer::{MAX_QUIET, retry_after};
use super::*;
use crate::config::{BatchBounds, OtlpEndpoint};
use crate::traces::tests::config;

/// A collector's refusal with this header `Retry-After`.
fn busy(value: &'static str) -> ExportFault {
    let mut headers = HeaderMap::new();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static(value));
    ExportFault::Status {
        status: StatusCode::TOO_MANY_REQUESTS,
        retry_after: retry_after(&headers),
    }
}

#[test]
fn collector_can_make_waits_longer_but_not_shorter_and_not_endless() {
    let seconds = Duration::from_secs;
    for (value, wait, quiet) in [
        ("0", seconds(2), Duration::ZERO),
        ("1", seconds(2), seconds(1)),
        ("3", seconds(3), seconds(3)),
        ("3600", seconds(3600), MAX_QUIET),
        (
            "18446744073709551615",
            Duration::from_secs(u64::MAX),
            MAX_QUIET,
        ),
        ("-1", seconds(2), Duration::ZERO),
        ("Fri, 31 Dec 2100 23:59:59 GMT", seconds(2), Duration::ZERO),
    ] {
        let fault = busy(value);
        assert_eq!(
            (fault.wait(seconds(2)), fault.quiet()),
            (wait, quiet),
            "{value}"
        );
    }
    let fault = ExportFault::Timeout(seconds(10));
    assert_eq!(
        (fault.wait(seconds(2)), fault.quiet()),
        (seconds(2), Duration::ZERO)
    );
}

/// A queue with this many spans.
fn queue(spans: usize) -> Arc<SpanQueue> {
    let queue = SpanQueue::new(BatchBounds::default());
    for _ in 0..spans {
        queue.begin();
        queue.push(SpanRecord::default());
    }
    Arc::new(queue)
}

#[tokio::test(start_paused = true)]
async fn last_spans_have_a_moment_even_after_the_grace_and_never_more_than_seconds() {
    for (grace, expected) in [
        (Duration::ZERO, LEAST_FLUSH_TIME),
        (Duration::from_secs(3), Duration::from_secs(3)),
        (Duration::from_secs(60), FLUSH_TIME),
    ] {
        let began = Instant::now();
        let end = ExportEnd(queue(1));
        end.flush(pending::<()>(), began + grace).await;
        assert_eq!(began.elapsed(), expected);
    }
}

/// What the log says while this runs.
async fn logged(run: impl Future<Output = ()>) -> String {
    let (log, writer) = io::pipe().unwrap();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(Arc::new(writer))
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    run.await;
    drop(guard);
    io::read_to_string(log).unwrap()
}

/// A sender to a collector at this port of this machine, and its queue, which has one span.
fn sender(port: u16, batch: BatchBounds) -> (SpanSender, Arc<SpanQueue>) {
    let config = TraceConfig {
        endpoint: OtlpEndpoint::of_base(&format!("http://127.0.0.1:{port}")).unwrap(),
        ..config(batch)
    };
    let queue = queue(1);
    let sender = SpanSender::new(&config, &ProxyConfig::default(), queue.clone()).unwrap();
    (sender, queue)
}

#[tokio::test]
async fn collector_that_is_down_delays_one_answer_and_not_the_next() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let refuses = {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        closed.local_addr().unwrap().port()
    };
    let gives_up = BatchBounds {
        patience: Duration::ZERO,
        ..BatchBounds::default()
    };
    for (port, bounds) in [
        (refuses, gives_up),
        (refuses, BatchBounds::default()),
        // It accepts the connection, and never answers.
        (port, BatchBounds::default()),
    ] {
        let (mut sender, queue) = sender(port, bounds);
        let time = Duration::from_millis(200);
        let began = Instant::now();
        sender.send_waiting(began + time).await;
        assert!(began.elapsed() < 5 * time, "{:?}", began.elapsed());
        assert!(queue.take_waiting().is_none());
        let rest = sender.quiet_until - Instant::now();
        assert!(rest > QUIET_AFTER_FAULT / 2, "{rest:?}");
        // The next answer doesn't wait, and its span does.
        queue.begin();
        queue.push(SpanRecord::default());
        sender.send_waiting(Instant::now() + 60 * time).await;
        assert!(queue.take_waiting().is_some());
    }
}

#[tokio::test]
async fn spans_wait_for_the_next_invocation_if_this_one_is_over() {
    let (mut sender, queue) = sender(9, BatchBounds::default());
    sender.send_waiting(Instant::now()).await;
    assert!(queue.take_waiting().is_some());
}

#[tokio::test(start_paused = true)]
async fn spans_that_have_not_ended_at_the_end_are_reported_once() {
    let queue = queue(0);
    queue.begin();
    queue.begin();
    let end = ExportEnd(queue.clone());
    let text = logged(end.flush(ready(()), Instant::now())).await;
    assert!(
        text.contains("cut off are lost") && text.contains("spans=2"),
        "{text}"
    );
    assert!(!text.contains("in time"), "{text}");
    // They end when the process does.
    queue.push(SpanRecord::default());
    let lost = queue.give_up();
    assert_eq!(
        lost,
        LostSpans {
            waiting: 0,
            open: 1
        }
    );
}

#[tokio::test(start_paused = true)]
async fn outages_one_after_the_other_are_few_lines_that_count_everything() {
    let text = logged(async {
        let mut outage = Outage::new("http://collector".to_owned());
        for _ in 0..100 {
            outage.begin(&ExportFault::Timeout(Duration::from_secs(10)));
            outage.lose(1);
            outage.end();
            outage.overflow(1);
            outage.end();
            outage.rejection(1, "");
            tokio::time::sleep(Duration::from_secs(1)).await;
            outage.end();
        }
        // This one lasts.
        for _ in 0..400 {
            outage.begin(&ExportFault::Timeout(Duration::from_secs(10)));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        outage.end();
    })
    .await;
    let count = |part: &str| text.matches(part).count();
    assert_eq!(
        (count("WARN"), count("sent to the collector again")),
        (2, 2),
        "{text}"
    );
    assert!(
        text.contains("lost=1") && text.contains("lost=299"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn end_reports_spans_that_are_lost_and_nothing_if_there_are_none() {
    for (spans, is_reported) in [(0, false), (3, true)] {
        let end = ExportEnd(queue(spans));
        let text = logged(end.flush(pending::<()>(), Instant::now())).await;
        assert_eq!(
            text.contains("did not take the last spans in time"),
            is_reported,
            "{text}"
        );
        assert_eq!(text.contains("spans=3"), is_reported, "{text}");
    }
}
