//! An event of the log as a JSON object on one line, with few members that are objects: the fields of the spans around an
//! event are members like its own, and a name occurs once.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::log_google::{GoogleNames, severity};
use super::log_members::EventMembers;
use super::log_span::{HTTP_METHOD, HTTP_PATH};

/// Whose names the members of the objects have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectDialect {
    /// The host's own.
    Plain,
    /// Those of Google's Cloud Logging.
    Google,
}

/// Writes events as JSON objects. The spans' fields must have been formatted as JSON objects, too.
pub(super) struct EventObject {
    dialect: ObjectDialect,
    google: GoogleNames,
}

impl EventObject {
    /// Objects in this dialect, with what the variables of this process say about it.
    pub(super) fn new(dialect: ObjectDialect) -> Self {
        Self {
            dialect,
            google: GoogleNames::of_process(),
        }
    }
}

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
            dialect: self.dialect,
            timestamp: timestamp(),
            level: *metadata.level(),
            target: metadata.target(),
            google: &self.google,
            members: &members,
        };
        let text = serde_json::to_string(&object).map_err(|_| fmt::Error)?;
        writeln!(writer, "{text}")
    }
}

/// An event of this program with nothing but a message, for lines that don't go through the log.
pub(super) fn plain_event(dialect: ObjectDialect, level: Level, message: &str) -> String {
    let members = EventMembers::of_message(message);
    let object = EventBody {
        dialect,
        timestamp: timestamp(),
        level,
        target: "weld_host",
        google: &GoogleNames::default(),
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
    dialect: ObjectDialect,
    timestamp: String,
    level: Level,
    target: &'e str,
    google: &'e GoogleNames,
    members: &'e EventMembers,
}

impl Serialize for EventBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        let (time, level, name) = match self.dialect {
            ObjectDialect::Plain => ("timestamp", "level", self.level.as_str()),
            ObjectDialect::Google => ("time", "severity", severity(self.level)),
        };
        object.serialize_entry(time, &self.timestamp)?;
        object.serialize_entry(level, name)?;
        object.serialize_entry("target", self.target)?;
        object.serialize_entry("message", self.members.message())?;
        match self.dialect {
            ObjectDialect::Plain => {
                for (name, value) in self.members.others() {
                    if ![HTTP_METHOD, HTTP_PATH].contains(&name) {
                        object.serialize_entry(name, value)?;
                    }
                }
            }
            ObjectDialect::Google => {
                self.google
                    .write_members(&mut object, self.target, self.members)?;
            }
        }
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};
    use tracing_subscriber::fmt::format::JsonFields;

    use super::*;
    use crate::cli::written_log::WrittenLog;

    /// The lines that `log` writes.
    fn written(dialect: ObjectDialect, google: GoogleNames, log: impl FnOnce()) -> Vec<String> {
        let written = WrittenLog::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_ansi(false)
            .with_writer(written.clone())
            .fmt_fields(JsonFields::new())
            .event_format(EventObject { dialect, google })
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let text = written.text();
        text.lines().map(str::to_owned).collect()
    }

    /// Google's names in a project.
    fn shop() -> GoogleNames {
        GoogleNames {
            project: Some("shop".to_owned()),
            has_request_log: false,
        }
    }

    /// The object of a line, without its time.
    fn object(line: &str) -> Value {
        let mut object: Map<String, Value> = serde_json::from_str(line).unwrap();
        let time = object.remove("timestamp").or_else(|| object.remove("time"));
        let time = time.unwrap();
        assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
        object.into()
    }

    /// A page and a line of the connector that made it, in a request that belongs to a trace.
    fn log_a_request() {
        let span = tracing::info_span!(
            "request",
            request_id = "7",
            client = %"192.0.2.1",
            trace_id = "0af7651916cd43dd8448eb211c80319c",
            span_id = "b7ad6b7169203331",
            trace_sampled = true,
            http_method = "POST",
            http_path = "/beers"
        );
        let _entered = span.enter();
        tracing::warn!(target: "guest", connector = %"beers", source = "log", "slow today");
        tracing::debug!(target: "weld_host::egress", status = 200, took_ms = 9.5, "request to an API");
        tracing::info!(target: "weld_host::server::routes", status = 200, rows = 3, bytes = 900, sent_bytes = 120, took_ms = 12.25, "page");
    }

    #[test]
    fn members_of_spans_and_event_stand_side_by_side_and_once() {
        let lines = written(ObjectDialect::Plain, GoogleNames::default(), || {
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
        for (dialect, level) in [
            (ObjectDialect::Plain, "level"),
            (ObjectDialect::Google, "severity"),
        ] {
            let lines = written(dialect, shop(), || tracing::info!("ready"));
            let expected = json!({level: "INFO", "target": module_path!(), "message": "ready"});
            assert_eq!(object(&lines[0]), expected);
        }
    }

    #[test]
    fn plain_object_has_the_trace_and_nothing_twice() {
        let lines = written(ObjectDialect::Plain, shop(), log_a_request);
        let expected = json!({
            "level": "INFO", "target": "weld_host::server::routes", "message": "page",
            "request_id": "7", "client": "192.0.2.1", "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "span_id": "b7ad6b7169203331", "trace_sampled": true,
            "status": 200, "rows": 3, "bytes": 900, "sent_bytes": 120, "took_ms": 12.25,
        });
        assert_eq!(object(&lines[2]), expected);
    }

    #[test]
    fn google_gets_its_own_members() {
        let lines = written(ObjectDialect::Google, shop(), log_a_request);
        let trace = "projects/shop/traces/0af7651916cd43dd8448eb211c80319c";
        let common = json!({
            "request_id": "7", "client": "192.0.2.1", "logging.googleapis.com/trace": trace,
            "logging.googleapis.com/spanId": "b7ad6b7169203331", "logging.googleapis.com/trace_sampled": true,
        });
        let with_common = |members: Value| {
            let mut all = common.as_object().unwrap().clone();
            all.extend(members.as_object().unwrap().clone());
            Value::from(all)
        };
        assert_eq!(
            object(&lines[0]),
            with_common(json!({
                "severity": "WARNING", "target": "guest", "message": "slow today", "connector": "beers", "source": "log",
            }))
        );
        assert_eq!(
            object(&lines[1]),
            with_common(json!({
                "severity": "DEBUG", "target": "weld_host::egress", "message": "request to an API",
                "status": 200, "took_ms": 9.5,
            })),
            "a request to an API is not one of a client"
        );
        assert_eq!(
            object(&lines[2]),
            with_common(json!({
                "severity": "INFO", "target": "weld_host::server::routes", "message": "page",
                "status": 200, "rows": 3, "bytes": 900, "sent_bytes": 120, "took_ms": 12.25,
                "httpRequest": {
                    "requestMethod": "POST", "requestUrl": "/beers", "status": 200, "responseSize": "120",
                    "remoteIp": "192.0.2.1", "latency": "0.012250s",
                },
            }))
        );
    }

    #[test]
    fn platform_that_logs_requests_gets_no_second_request() {
        let google = GoogleNames {
            has_request_log: true,
            ..shop()
        };
        let lines = written(ObjectDialect::Google, google, log_a_request);
        let page = object(&lines[2]);
        assert_eq!(
            (&page["status"], &page["message"]),
            (&json!(200), &json!("page"))
        );
        assert!(page.get("httpRequest").is_none(), "{page}");
    }

    #[test]
    fn trace_is_a_bare_id_without_a_project() {
        let lines = written(ObjectDialect::Google, GoogleNames::default(), log_a_request);
        assert_eq!(
            object(&lines[0])["logging.googleapis.com/trace"],
            "0af7651916cd43dd8448eb211c80319c"
        );
    }

    #[test]
    fn plain_event_has_the_same_form() {
        let message = "weld-host: a port\nis taken";
        for (dialect, level) in [
            (ObjectDialect::Plain, "level"),
            (ObjectDialect::Google, "severity"),
        ] {
            let line = plain_event(dialect, Level::ERROR, message);
            let expected = json!({level: "ERROR", "target": "weld_host", "message": message});
            assert_eq!(object(&line), expected);
        }
    }
}
