//! The fields of the spans around an event: those that only some formats of the log show, and all others as text.

use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// The fields of a request's span with the trace that the request belongs to. The formats for programs show them.
pub(super) const TRACE_ID: &str = "trace_id";
pub(super) const SPAN_ID: &str = "span_id";
pub(super) const TRACE_SAMPLED: &str = "trace_sampled";

/// The fields of a request's span with the request itself. Only formats that describe a request in a member of its own show
/// them, since each line of the request would repeat them.
pub(super) const HTTP_METHOD: &str = "http_method";
pub(super) const HTTP_PATH: &str = "http_path";

/// Formats the fields of spans for lines that people read.
pub(super) struct SpanText;

impl<'w> FormatFields<'w> for SpanText {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut text = SpanFields {
            is_styled: writer.has_ansi_escapes(),
            text: String::new(),
        };
        fields.record(&mut text);
        writer.write_str(&text.text)
    }

    fn add_fields(
        &self,
        current: &'w mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        let mut added = SpanFields {
            is_styled: current.as_writer().has_ansi_escapes(),
            text: String::new(),
        };
        fields.record(&mut added);
        if !current.fields.is_empty() && !added.text.is_empty() {
            current.fields.push(' ');
        }
        current.fields.push_str(&added.text);
        Ok(())
    }
}

/// Collects fields as `name=value`, separated by spaces.
struct SpanFields {
    is_styled: bool,
    text: String,
}

impl Visit for SpanFields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let name = field.name();
        if [TRACE_ID, SPAN_ID, TRACE_SAMPLED, HTTP_METHOD, HTTP_PATH].contains(&name) {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        // Writing to a string can't fail.
        let _ = if self.is_styled {
            write!(self.text, "\x1b[3m{name}\x1b[0m\x1b[2m=\x1b[0m{value:?}")
        } else {
            write!(self.text, "{name}={value:?}")
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::log_line::EventText;
    use crate::cli::written_log::WrittenLog;

    /// What is written for an event in a span with and without values that only programs read.
    fn written(has_colors: bool) -> String {
        let written = WrittenLog::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(has_colors)
            .with_writer(written.clone())
            .fmt_fields(SpanText)
            .event_format(EventText)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!(
                "request",
                trace_sampled = true,
                request_id = "7",
                table = tracing::field::Empty,
                http_method = "POST",
                http_path = "/beers",
                client = %"127.0.0.1",
                trace_id = tracing::field::Empty,
                span_id = tracing::field::Empty,
            );
            span.record("trace_id", "0af7651916cd43dd8448eb211c80319c");
            span.record("table", "ales");
            span.record("span_id", "b7ad6b7169203331");
            let _entered = span.enter();
            tracing::info!("page");
        });
        written.text()
    }

    #[test]
    fn people_see_no_fields_that_are_for_programs() {
        let text = written(false);
        let span = "request{request_id=\"7\" client=127.0.0.1 table=\"ales\"}: ";
        assert!(text.contains(span), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }

    #[test]
    fn names_are_styled_on_a_terminal() {
        let text = written(true);
        assert!(
            text.contains("{\x1b[3mrequest_id\x1b[0m\x1b[2m=\x1b[0m\"7\" \x1b[3mclient\x1b[0m"),
            "{text}"
        );
    }
}
