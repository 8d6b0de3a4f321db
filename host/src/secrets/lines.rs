//! The lines of secrets that have several: whoever writes a key in PEM line by line, with escaped line ends, or with none
//! at all, shows no less of it than who writes it as a whole.

use serde_json::Value;

use super::address::is_plain_address;

/// Shorter lines are not looked for: the last one of a key may be no more than some letters.
const MIN_LINE_CHARACTERS: usize = 16;

/// How the first and the last line of a key in PEM begin, which are no secret.
const ARMOR: [&str; 2] = ["-----BEGIN ", "-----END "];

/// Line ends, as they are, or as a variable or a JSON text has them.
const ENDS: [&str; 4] = ["\n", "\r", "\\n", "\\r"];

/// What is looked for besides the whole `value`: each of its lines that is long enough, and the lines of a key in PEM
/// without the ends between them. Of a JSON text, such as the file of a service account, it is the lines of the texts
/// in it.
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
        // What stands before a key's body in PEM has names and colons.
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
