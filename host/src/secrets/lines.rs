//! The lines of secrets that have several. A key in PEM must stay hidden, too, if it is written line by line, with
//! escaped line ends, or without any.

use serde_json::Value;

use super::address::is_plain_address;

/// Shorter lines are not searched for: the last line of a key may have only a few letters.
const MIN_LINE_CHARACTERS: usize = 16;

/// The beginnings of the first and the last line of a key in PEM, which are not secret.
const ARMOR: [&str; 2] = ["-----BEGIN ", "-----END "];

/// Line ends, as characters and as escapes in a variable or a JSON text.
const ENDS: [&str; 4] = ["\n", "\r", "\\n", "\\r"];

/// The texts to search for in addition to the whole `value`: each of its lines that is long enough, and the lines of a
/// key in PEM joined without line ends. For a JSON text, such as a service account's file, these are the lines of the
/// texts in it.
pub(super) fn lines(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !ENDS.iter().any(|end| value.contains(end)) {
        return found;
    }
    match serde_json::from_str::<Value>(value) {
        Ok(Value::String(_)) | Err(_) => add_lines(value, &mut found),
        Ok(json) => add_lines_within(&json, &mut found),
    }
    found
}

fn add_lines_within(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::String(text) => add_lines(text, found),
        Value::Array(items) => items.iter().for_each(|item| add_lines_within(item, found)),
        Value::Object(fields) => fields
            .values()
            .for_each(|field| add_lines_within(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn add_lines(text: &str, found: &mut Vec<String>) {
    let mut lines = vec![text];
    for end in ENDS {
        lines = lines.iter().flat_map(|line| line.split(end)).collect();
    }
    if lines.len() == 1 {
        return;
    }
    let mut body = String::new();
    for line in lines {
        let line = line.trim();
        if ARMOR.iter().any(|armor| line.starts_with(armor)) {
            add(&std::mem::take(&mut body), found);
            continue;
        }
        add(line, found);
        // The headers before a key's body in PEM have names and colons.
        if text.contains(ARMOR[0]) && !line.contains(':') {
            body.push_str(line);
        }
    }
    add(&body, found);
}

fn add(line: &str, found: &mut Vec<String>) {
    if line.chars().count() >= MIN_LINE_CHARACTERS && !is_plain_address(line) {
        found.push(line.to_owned());
    }
}

#[cfg(test)]
mod tests;
