//! An event of the log as a JSON object on one line, without nesting: the fields of the spans around an event are members
//! like its own, and a name occurs once.

use std::fmt::{self, Debug};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes events as JSON objects. The spans' fields must have been formatted as JSON objects, too.
pub(super) struct EventObject;

impl<S, N> FormatEvent<S, N> for EventObject
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
        let mut members = EventMembers::default();
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                members.set_all(fields);
            }
        }
        event.record(&mut members);
        let metadata = event.metadata();
        let object = EventBody {
            timestamp: timestamp(),
            level: *metadata.level(),
            target: metadata.target(),
            members: &members,
        };
        let text = serde_json::to_string(&object).map_err(|_| fmt::Error)?;
        writeln!(writer, "{text}")
    }
}

/// An event of this program with nothing but a message, for lines that don't go through the log.
pub(super) fn plain_event(level: Level, message: &str) -> String {
    let mut members = EventMembers::default();
    message.clone_into(&mut members.message);
    let object = EventBody {
        timestamp: timestamp(),
        level,
        target: "weld_host",
        members: &members,
    };
    // It has no keys or values that JSON lacks.
    serde_json::to_string(&object).unwrap_or_default()
}

fn timestamp() -> String {
    let mut time = String::new();
    // Writing to a string can't fail.
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    time
}

struct EventBody<'e> {
    timestamp: String,
    level: Level,
    target: &'e str,
    members: &'e EventMembers,
}

impl Serialize for EventBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("timestamp", &self.timestamp)?;
        object.serialize_entry("level", self.level.as_str())?;
        object.serialize_entry("target", self.target)?;
        object.serialize_entry("message", &self.members.message)?;
        for (name, value) in &self.members.others {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}

/// The fields of an event and of its spans, in the order in which they come.
#[derive(Default)]
struct EventMembers {
    message: String,
    others: Vec<(String, Value)>,
}

impl EventMembers {
    /// An event's own value replaces a span's.
    fn set(&mut self, name: &str, value: Value) {
        match self.others.iter_mut().find(|(own, _)| own == name) {
            Some((_, old)) => *old = value,
            None => self.others.push((name.to_owned(), value)),
        }
    }

    fn set_all(&mut self, object: &str) {
        // A span without fields has an empty text.
        let fields: Map<String, Value> = serde_json::from_str(object).unwrap_or_default();
        for (name, value) in fields {
            self.set(&name, value);
        }
    }
}

impl Visit for EventMembers {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.set(field.name(), value.into());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tracing_subscriber::fmt::format::JsonFields;

    use super::*;
    use crate::cli::written_log::WrittenLog;

    /// The lines that `log` writes.
    fn written(log: impl FnOnce()) -> Vec<String> {
        let written = WrittenLog::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_ansi(false)
            .with_writer(written.clone())
            .fmt_fields(JsonFields::new())
            .event_format(EventObject)
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let text = written.text();
        text.lines().map(str::to_owned).collect()
    }

    /// The object of a line, without its time.
    fn object(line: &str) -> Value {
        let mut object: Map<String, Value> = serde_json::from_str(line).unwrap();
        let time = object.remove("timestamp").unwrap();
        assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
        object.into()
    }

    #[test]
    fn members_of_spans_and_event_stand_side_by_side_and_once() {
        let lines = written(|| {
            let span = tracing::info_span!("request", request_id = "7", connector = "beers");
            let _entered = span.enter();
            let inner = tracing::info_span!("page", table = tracing::field::Empty, rows = 1);
            let _inside = inner.enter();
            inner.record("table", "ales");
            tracing::warn!(
                connector = %"beers",
                rows = 3,
                took_ms = 1.5,
                is_last = true,
                missing = None::<u32>,
                "first\n\"second\"\u{1b}"
            );
        });
        let [line] = &*lines else {
            panic!("{lines:?}");
        };
        assert_eq!(line.matches("beers").count(), 1, "{line}");
        assert_eq!(
            object(line),
            json!({
                "level": "WARN", "target": module_path!(), "message": "first\n\"second\"\u{1b}",
                "request_id": "7", "connector": "beers", "table": "ales", "rows": 3, "took_ms": 1.5, "is_last": true,
            })
        );
    }

    #[test]
    fn event_without_spans_has_only_its_own_members() {
        let lines = written(|| tracing::info!("ready"));
        let expected = json!({"level": "INFO", "target": module_path!(), "message": "ready"});
        assert_eq!(object(&lines[0]), expected);
    }

    #[test]
    fn plain_event_has_the_same_form() {
        let line = plain_event(Level::ERROR, "weld-host: a port\nis taken");
        let message = "weld-host: a port\nis taken";
        let expected = json!({"level": "ERROR", "target": "weld_host", "message": message});
        assert_eq!(object(&line), expected);
    }
}
