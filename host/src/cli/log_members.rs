//! The members of an event of the log: its own fields and those of the spans around it, each once.

use std::fmt::Debug;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

/// The fields of an event and of its spans, in the order in which they come.
#[derive(Default)]
pub(super) struct EventMembers {
    message: String,
    others: Vec<(String, Value)>,
}

impl EventMembers {
    /// Nothing but a message.
    pub(super) fn of_message(message: &str) -> Self {
        Self {
            message: message.to_owned(),
            others: Vec::new(),
        }
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// All fields except the message.
    pub(super) fn others(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.others
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// The value of one of these fields.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let (_, value) = self.others.iter().find(|(own, _)| own == name)?;
        Some(value)
    }

    /// An event's own value replaces a span's.
    fn set(&mut self, name: &str, value: Value) {
        match self.others.iter_mut().find(|(own, _)| own == name) {
            Some((_, old)) => *old = value,
            None => self.others.push((name.to_owned(), value)),
        }
    }

    /// Adds the members of an object, as the fields of a span are kept.
    pub(super) fn set_all(&mut self, object: &str) {
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
