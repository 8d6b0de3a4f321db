//! A collector of traces, which reads the messages of OTLP by their numbers in `opentelemetry/proto`, not by the host's
//! own types.

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read as _;
use weld_host_tests::host::HostBuilder;
use weld_host_tests::http::Message;
use weld_host_tests::until_some;
use weld_host_tests::upstream::{Exchange, Upstream};

/// A collector that keeps every request.
pub(super) struct Collector(Upstream);

/// A span as it was received.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) trace: String,
    pub(super) id: String,
    /// Empty if there is none.
    pub(super) parent: String,
    pub(super) state: String,
    pub(super) name: String,
    /// 1 is internal, 2 server, 3 client.
    pub(super) kind: u64,
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) attributes: BTreeMap<String, Value>,
    /// The traces and spans that it links to.
    pub(super) links: Vec<(String, String)>,
    /// The message of its failure; `None` if it has not failed.
    pub(super) failure: Option<String>,
    pub(super) flags: u64,
}

impl Collector {
    /// A collector that takes everything.
    pub(super) fn start() -> Self {
        Self::answering(|_, exchange| exchange.answer(200, &[], ""))
    }

    /// A collector that answers with this script.
    pub(super) fn answering(
        script: impl Fn(&Message, &mut Exchange) + Send + Sync + 'static,
    ) -> Self {
        Self(Upstream::start(script))
    }

    /// Lets the host send its traces here, soon.
    pub(super) fn of(&self, builder: HostBuilder) -> HostBuilder {
        builder
            .flag("--otlp", &self.0.origin())
            .variable("OTEL_BSP_SCHEDULE_DELAY", "10")
    }

    /// The base URL.
    pub(super) fn url(&self) -> String {
        self.0.origin()
    }

    /// Its address.
    pub(super) fn address(&self) -> std::net::SocketAddr {
        self.0.address()
    }

    /// The requests so far.
    pub(super) fn received(&self) -> Vec<Message> {
        self.0.received()
    }

    /// The spans so far.
    pub(super) fn spans(&self) -> Vec<Span> {
        self.received().iter().flat_map(spans).collect()
    }

    /// All spans, once these names are among them, as often as they are listed.
    pub(super) fn spans_with(&self, names: &[&str]) -> Vec<Span> {
        until_some(&format!("the spans {names:?}"), || {
            let spans = self.spans();
            let count = |name: &str| spans.iter().filter(|span| span.name == name).count();
            let wanted = |name: &str| names.iter().filter(|wanted| **wanted == name).count();
            let are_there = names.iter().all(|name| count(name) >= wanted(name));
            are_there.then_some(spans)
        })
    }
}

/// The only span of this name.
pub(super) fn only<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let found: Vec<&Span> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name} among {spans:#?}");
    found[0]
}

/// The attributes of a request's resource.
pub(super) fn resource(request: &Message) -> BTreeMap<String, Value> {
    let body = body(request);
    let resource_spans = messages(&body, 1).remove(0);
    attributes(messages(resource_spans, 1)[0], 1)
}

/// The spans of a request.
pub(super) fn spans(request: &Message) -> Vec<Span> {
    let body = body(request);
    let mut spans = Vec::new();
    for resource_spans in messages(&body, 1) {
        for scope_spans in messages(resource_spans, 2) {
            spans.extend(messages(scope_spans, 2).into_iter().map(span));
        }
    }
    spans
}

/// A request's body, decompressed.
pub(super) fn body(request: &Message) -> Vec<u8> {
    match request.header("content-encoding") {
        None => request.body.clone(),
        Some("gzip") => {
            let mut plain = Vec::new();
            let mut decoder = GzDecoder::new(request.body.as_slice());
            decoder.read_to_end(&mut plain).unwrap();
            plain
        }
        other => panic!("{other:?}"),
    }
}

fn span(bytes: &[u8]) -> Span {
    let status = messages(bytes, 15);
    let failure = status.first().map(|status| {
        assert_eq!(number(status, 3), 2, "the code of an error");
        text(status, 2)
    });
    let links = messages(bytes, 13);
    Span {
        trace: id(bytes, 1),
        id: id(bytes, 2),
        state: text(bytes, 3),
        parent: id(bytes, 4),
        name: text(bytes, 5),
        kind: number(bytes, 6),
        began: number(bytes, 7),
        ended: number(bytes, 8),
        attributes: attributes(bytes, 9),
        links: links
            .iter()
            .map(|link| (id(link, 1), id(link, 2)))
            .collect(),
        failure,
        flags: number(bytes, 16),
    }
}

fn attributes(bytes: &[u8], tag: u64) -> BTreeMap<String, Value> {
    let pairs = messages(bytes, tag).into_iter().map(|pair| {
        let value = messages(pair, 2).remove(0);
        let (tag, field) = fields(value).remove(0);
        let value = match (tag, field) {
            (1, Field::Bytes(text)) => json!(String::from_utf8(text.to_vec()).unwrap()),
            (2, Field::Number(number)) => json!(number == 1),
            (3, Field::Number(number)) => json!(number),
            (4, Field::Number(bits)) => json!(f64::from_bits(bits)),
            (tag, field) => panic!("{tag}: {field:?}"),
        };
        (text(pair, 1), value)
    });
    pairs.collect()
}

/// A field's value in the encoding of protobuf: a number in any of its forms, or bytes.
#[derive(Debug, Clone, Copy)]
enum Field<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

/// The fields of a message with their numbers.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            1 => Field::Number(u64::from_le_bytes(take(&mut bytes, 8).try_into().unwrap())),
            2 => {
                let length = varint(&mut bytes);
                Field::Bytes(take(&mut bytes, length.try_into().unwrap()))
            }
            5 => {
                let bytes = take(&mut bytes, 4).try_into().unwrap();
                Field::Number(u32::from_le_bytes(bytes).into())
            }
            form => panic!("form {form}"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

fn take<'b>(bytes: &mut &'b [u8], length: usize) -> &'b [u8] {
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return number;
        }
    }
    panic!("a number without an end");
}

fn messages(bytes: &[u8], tag: u64) -> Vec<&[u8]> {
    let of_tag = fields(bytes).into_iter().filter(|(of, _)| *of == tag);
    let messages = of_tag.map(|(_, field)| match field {
        Field::Bytes(bytes) => bytes,
        Field::Number(number) => panic!("{tag} is the number {number}"),
    });
    messages.collect()
}

fn text(bytes: &[u8], tag: u64) -> String {
    let text = messages(bytes, tag).first().copied().unwrap_or_default();
    String::from_utf8(text.to_vec()).unwrap()
}

fn id(bytes: &[u8], tag: u64) -> String {
    let id = messages(bytes, tag).first().copied().unwrap_or_default();
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn number(bytes: &[u8], tag: u64) -> u64 {
    let found = fields(bytes).into_iter().find(|(of, _)| *of == tag);
    match found {
        Some((_, Field::Number(number))) => number,
        Some((_, Field::Bytes(bytes))) => panic!("{tag} is {bytes:?}"),
        None => 0,
    }
}
