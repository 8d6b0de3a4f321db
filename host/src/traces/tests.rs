use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

use super::call_trace::MAX_SPANS;
use super::queue::SpanQueue;
use super::span_record::SpanRecord;
use super::*;
use crate::config::{BatchBounds, OtlpEndpoint, ProxyConfig, SamplerRule, TraceConfig};
use crate::metrics_probe::MetricsProbe;

pub(super) fn config(batch: BatchBounds) -> TraceConfig {
    TraceConfig {
        endpoint: OtlpEndpoint::of_base("http://127.0.0.1:4318").unwrap(),
        headers: Vec::new(),
        compression: false,
        roots: Vec::new(),
        identity: None,
        resource: Vec::new(),
        continues: true,
        sampler: SamplerRule::default(),
        batch,
    }
}

fn tracer(batch: BatchBounds) -> Arc<Tracer> {
    Tracer::new(&config(batch), &ProxyConfig::default())
        .unwrap()
        .0
}

fn request(tracer: &Tracer) -> RequestSpan {
    tracer.request(&HeaderMap::new()).expect("it is recorded")
}

/// The spans that wait, the earliest first.
async fn ended(tracer: &Tracer) -> Vec<SpanRecord> {
    tracer.queue().close();
    let mut all = Vec::new();
    while let Some(batch) = tracer.queue().batch(Instant::now()).await {
        all.extend(batch);
    }
    all
}

const DROPPED: &str = "weld_host_trace_spans_dropped_total";

#[tokio::test]
async fn call_has_a_limited_number_of_spans() {
    let recorded = MetricsProbe::default();
    let _guard = metrics::set_default_local_recorder(&recorded);
    let tracer = tracer(BatchBounds {
        queue: 10_000,
        spans: 10_000,
        ..BatchBounds::default()
    });
    let (call, span) = request(&tracer).call("page");
    drop(span);
    let (branch, span) = call.branch("obtain a token").unwrap();
    drop(span);
    let opened = (1..MAX_SPANS + 10)
        .filter(|_| call.span(SpanHome::Run, "GET", SpanKind::Client).is_some())
        .count();
    assert_eq!(opened, usize::try_from(MAX_SPANS - 1).unwrap());
    assert!(call.branch("obtain a token").is_none());
    assert!(
        branch
            .span(SpanHome::Run, "POST", SpanKind::Client)
            .is_some(),
        "the branch has its own"
    );
    let refused = recorded.value(&format!("{DROPPED}{{reason=call}}"));
    assert_eq!(refused, Some(11.0));
}

#[tokio::test]
async fn full_queue_drops_the_newest_span() {
    let recorded = MetricsProbe::default();
    let _guard = metrics::set_default_local_recorder(&recorded);
    let tracer = tracer(BatchBounds {
        queue: 3,
        spans: 2,
        ..BatchBounds::default()
    });
    for number in ["1", "2", "3", "4", "5"] {
        let request = request(&tracer);
        request.end(|span| span.rename(number));
    }
    assert_eq!(
        recorded.value(&format!("{DROPPED}{{reason=queue}}")),
        Some(2.0)
    );
    assert_eq!(tracer.queue().take_dropped(), 2);
    assert_eq!(tracer.queue().take_dropped(), 0);
    let names: Vec<_> = ended(&tracer)
        .await
        .into_iter()
        .map(|span| span.name)
        .collect();
    assert_eq!(names, ["1", "2", "3"]);
}

#[tokio::test(start_paused = true)]
async fn batch_waits_for_its_size_or_its_time() {
    let delay = Duration::from_secs(5);
    let queue = Arc::new(SpanQueue::new(BatchBounds {
        queue: 10,
        spans: 2,
        delay,
        ..BatchBounds::default()
    }));
    let began = Instant::now();
    queue.push(SpanRecord::default());
    assert_eq!(queue.batch(began).await.unwrap().len(), 1);
    assert_eq!(began.elapsed(), delay);
    let next = tokio::spawn({
        let queue = queue.clone();
        async move { queue.batch(began).await.unwrap().len() }
    });
    tokio::task::yield_now().await;
    queue.push(SpanRecord::default());
    queue.push(SpanRecord::default());
    assert_eq!(next.await.unwrap(), 2);
    assert_eq!(began.elapsed(), delay);
    queue.push(SpanRecord::default());
    queue.close();
    assert_eq!(queue.batch(began).await.unwrap().len(), 1);
    assert!(queue.batch(began).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn batch_waits_until_the_collector_may_be_asked_again_or_the_host_ends() {
    let minute = Duration::from_secs(60);
    let queue = SpanQueue::new(BatchBounds {
        queue: 10,
        spans: 2,
        delay: Duration::from_secs(5),
        ..BatchBounds::default()
    });
    for spans in [1, 2, 3] {
        let began = Instant::now();
        for _ in 0..spans {
            queue.push(SpanRecord::default());
        }
        let batch = queue.batch(began + minute).await.unwrap();
        assert_eq!((batch.len(), began.elapsed()), (spans.min(2), minute));
    }
    let began = Instant::now();
    let closing = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        queue.close();
    };
    let (batch, ()) = tokio::join!(queue.batch(began + minute), closing);
    assert_eq!(batch.unwrap().len(), 1, "the one that is left");
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    assert!(queue.batch(began + minute).await.is_none());
}

#[tokio::test]
async fn texts_of_spans_are_limited() {
    let tracer = tracer(BatchBounds::default());
    let long = "x".repeat(100_000);
    let request = request(&tracer);
    let (call, _span) = request.call("page");
    for _ in 0..100 {
        request.joins(&call);
    }
    request.end(|span| {
        span.set("weld.table", AttributeValue::text(&long));
        span.fail(&long);
    });
    let spans = ended(&tracer).await;
    let span = spans.iter().find(|span| span.failure.is_some()).unwrap();
    let (_, AttributeValue::Text(value)) = &span.attributes[0] else {
        panic!("{span:?}");
    };
    let failure = span.failure.clone().unwrap();
    assert!(value.len() < 1_100 && failure.len() < 1_100);
    assert_eq!(span.links.len(), 16);
}

#[tokio::test]
async fn span_ends_once_even_if_it_is_dropped_early() {
    let tracer = tracer(BatchBounds::default());
    let request = request(&tracer);
    request.end(|span| span.rename("ended"));
    request.end(|span| span.rename("ended again"));
    request.change(|span| span.rename("changed too late"));
    drop(request);
    let (call, span) = super::tests::request(&tracer).call("page");
    drop((call, span));
    let names: Vec<_> = ended(&tracer)
        .await
        .into_iter()
        .map(|span| span.name)
        .collect();
    assert_eq!(names, ["ended", "", "page"]);
}

#[tokio::test]
async fn work_that_does_not_come_to_its_end_is_canceled_or_crashed() {
    let tracer = tracer(BatchBounds::default());
    let request = request(&tracer);
    let work = || WorkSpan::new(request.part("work"));
    work().end(|span| span.set("weld.rows", true));
    drop(work());
    let canceled = tokio::time::timeout(Duration::ZERO, async {
        let _work = work();
        std::future::pending::<()>().await;
    });
    assert!(canceled.await.is_err());
    let held = work();
    let crashed = tokio::spawn(async move {
        let _work = held;
        panic!("a test's own");
    });
    assert!(crashed.await.unwrap_err().is_panic());
    let spans = ended(&tracer).await;
    let kinds: Vec<_> = spans
        .iter()
        .map(|span| {
            let kind = span.attributes.iter().find(|(key, _)| *key == "error.type");
            assert_eq!(kind.is_some(), span.failure.is_some(), "{span:?}");
            kind.map(|(_, kind)| kind.clone())
        })
        .collect();
    let [canceled, crashed] = ["canceled", "crashed"].map(|kind| Some(kind.into()));
    assert_eq!(kinds, [None, canceled.clone(), canceled, crashed]);
}

#[tokio::test]
async fn span_that_began_earlier_lasts_longer() {
    let tracer = tracer(BatchBounds::default());
    let minute = Duration::from_secs(60);
    request(&tracer).end(|span| span.began_before(minute));
    let spans = ended(&tracer).await;
    let lasted = spans[0].ended - spans[0].began;
    assert!(Duration::from_nanos(lasted) >= minute, "{lasted}");
}

#[test]
fn trace_is_continued_unless_the_configuration_forbids_it() {
    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut headers = HeaderMap::new();
    headers.insert(TRACEPARENT, HeaderValue::from_static(PARENT));
    for continues in [true, false] {
        let config = TraceConfig {
            continues,
            ..config(BatchBounds::default())
        };
        let tracer = Tracer::new(&config, &ProxyConfig::default()).unwrap().0;
        let request = tracer.request(&headers).unwrap();
        let (call, _span) = request.call("page");
        let sent = call
            .span(SpanHome::Run, "GET", SpanKind::Client)
            .and_then(|span| span.traceparent())
            .unwrap();
        let sent = sent.to_str().unwrap();
        let trace = "00-0af7651916cd43dd8448eb211c80319c-";
        assert_eq!(sent.starts_with(trace), continues, "{sent}");
        assert_ne!(sent, PARENT);
    }
}

/// The texts between quotation marks that begin like this in the host's code.
fn quoted_in_code(begin: &str) -> BTreeSet<String> {
    fn read(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, text);
            } else {
                text.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut code = String::new();
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut code,
    );
    let ends = code.split('"');
    let names = ends.filter(|text| text.starts_with(begin) && text.len() > begin.len());
    names
        .filter(|text| !text.contains(|letter: char| letter.is_whitespace()))
        .map(str::to_owned)
        .collect()
}

#[test]
fn manual_names_the_attributes_of_the_host() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating/tracing.md");
    let page = fs::read_to_string(page).unwrap();
    let documented: BTreeSet<String> = crate::samples::quoted(&page)
        .filter(|text| text.starts_with("weld."))
        .map(str::to_owned)
        .collect();
    assert_eq!(documented, quoted_in_code("weld."));
}
