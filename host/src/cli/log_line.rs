//! An event of the log as text: one line, and the further lines of its texts indented below it.
//!
//! Nothing that a connector writes can look like another event, since an event's line never begins with a space.

use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::report::escaped;

/// The target of what connectors write.
const GUEST: &str = "guest";

/// What further lines of a text begin with.
const INDENT: &str = "    | ";

/// Writes events as text.
pub(super) struct EventText;

impl<S, N> FormatEvent<S, N> for EventText
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let spans = spans(context)?;
        let mut fields = EventFields {
            spans: &spans,
            is_of_a_guest: metadata.target() == GUEST,
            message: String::new(),
            line: String::new(),
            blocks: String::new(),
        };
        event.record(&mut fields);
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let level = metadata.level();
        if writer.has_ansi_escapes() {
            let color = color(*level);
            write!(
                writer,
                "\x1b[2m{time}\x1b[0m \x1b[{color}m{level:>5}\x1b[0m "
            )?;
        } else {
            write!(writer, "{time} {level:>5} ")?;
        }
        write!(writer, "{spans}{}: ", metadata.target())?;
        let mut lines = fields.message.lines();
        writer.write_str(&escaped(lines.next().unwrap_or_default()))?;
        writeln!(writer, "{}", fields.line)?;
        for line in lines {
            writeln!(writer, "{INDENT}{}", escaped(line))?;
        }
        writer.write_str(&fields.blocks)
    }
}

/// The spans around an event with their fields, such as `request{connector="beers"}: `.
fn spans<S, N>(context: &FmtContext<'_, S, N>) -> Result<String, fmt::Error>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    let mut text = String::new();
    for span in context
        .event_scope()
        .into_iter()
        .flat_map(|scope| scope.from_root())
    {
        text.push_str(span.name());
        if let Some(fields) = span.extensions().get::<FormattedFields<N>>()
            && !fields.is_empty()
        {
            write!(text, "{{{fields}}}")?;
        }
        text.push_str(": ");
    }
    Ok(text)
}

fn color(level: Level) -> u8 {
    match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        Level::DEBUG => 34,
        _ => 35,
    }
}

/// Collects the texts of an event's fields.
struct EventFields<'s> {
    /// The spans around the event, whose fields are not repeated.
    spans: &'s str,
    is_of_a_guest: bool,
    message: String,
    /// The other fields.
    line: String,
    /// Fields of several lines, each below its name.
    blocks: String,
}

impl EventFields<'_> {
    fn add(&mut self, name: &str, value: &str) {
        let field = format!("{name}={value}");
        if !self.is_in_a_span(&field) {
            self.line.push(' ');
            self.line.push_str(&field);
        }
    }

    fn is_in_a_span(&self, field: &str) -> bool {
        self.spans.match_indices(field).any(|(begin, _)| {
            let before = self
                .spans
                .get(..begin)
                .and_then(|text| text.chars().next_back());
            let after = self
                .spans
                .get(begin + field.len()..)
                .and_then(|text| text.chars().next());
            matches!(before, Some('{' | ' ')) && matches!(after, Some('}' | ' '))
        })
    }
}

impl Visit for EventFields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        // A connector's `log` is what its lines usually come from.
        let goes_without_saying = self.is_of_a_guest && field.name() == "source" && value == "log";
        if field.name() == "message" {
            self.message.push_str(value);
        } else if value.contains('\n') {
            self.blocks.push_str(INDENT);
            self.blocks.push_str(field.name());
            self.blocks.push_str(":\n");
            for line in value.lines() {
                self.blocks.push_str(INDENT);
                self.blocks.push_str(&escaped(line));
                self.blocks.push('\n');
            }
        } else if !goes_without_saying {
            self.add(field.name(), &format!("{value:?}"));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message.push_str(&format!("{value:?}"));
            return;
        }
        let text = format!("{value:?}");
        // A span has the text in quotes, even if the event has it without.
        if !self.is_in_a_span(&format!("{}={text:?}", field.name())) {
            self.add(field.name(), &escaped(&text));
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::cli::written_log::WrittenLog;

    /// What `log` writes, without times.
    fn written(log: impl FnOnce()) -> String {
        let written = WrittenLog::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_ansi(false)
            .with_writer(written.clone())
            .event_format(EventText)
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let text = written.text();
        let without_time = |line: &str| {
            let is_event = line.starts_with(|first: char| first.is_ascii_digit());
            let rest = line.split_once(' ').map_or("", |(_, rest)| rest);
            if is_event {
                rest.to_owned()
            } else {
                line.to_owned()
            }
        };
        text.lines()
            .map(without_time)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn fields_of_the_span_are_not_repeated() {
        let name = "beers";
        let text = written(|| {
            let span = tracing::info_span!(
                "request",
                request_id = "7",
                connector = name,
                table = tracing::field::Empty
            );
            let _entered = span.enter();
            span.record("table", "ales");
            tracing::warn!(connector = %name, rows = 3, status = "good", "a message");
            tracing::info!(connector = name, "another");
            tracing::info!(connector = %"beer", "of another");
            tracing::info!(connector = %"beers2", "of a third");
        });
        let span = "request{request_id=\"7\" connector=\"beers\" table=\"ales\"}: ";
        let target = module_path!();
        assert_eq!(
            text,
            format!(
                " WARN {span}{target}: a message rows=3 status=\"good\"\n \
                 INFO {span}{target}: another\n \
                 INFO {span}{target}: of another connector=beer\n \
                 INFO {span}{target}: of a third connector=beers2"
            )
        );
    }

    #[test]
    fn texts_of_several_lines_are_indented_and_harmless() {
        let text = written(|| {
            let trace = "at one\nERROR two\u{1b}[31m";
            tracing::error!(target: "guest", connector = %"beers", source = "log", "first\nsecond\u{7}\n{}", "third");
            tracing::warn!(target: "guest", source = "stderr", trace, "crashed");
        });
        assert_eq!(
            text,
            "ERROR guest: first connector=beers\n    | second\\u{7}\n    | third\n \
             WARN guest: crashed source=\"stderr\"\n    | trace:\n    | at one\n    | ERROR two\\u{1b}[31m"
        );
    }
}
