use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use weld_protocol::{
    ErrorKind, Page, PageRequest, Pending, RESERVED_KEY, Waiting, WaitingReason, read_error,
    read_page, read_schema, with_waiting,
};

use crate::texts::{name, nearly, object, reserved_key, space, spaced_object, string, value};

/// Marks with every time that RFC 3339 can write.
fn waiting() -> impl Strategy<Value = Waiting> {
    let time = || {
        (-62_167_219_200..=253_402_207_200_i64, 0..1_000_000_000_i32)
            .prop_filter_map("out of range", |(second, nanosecond)| {
                Timestamp::new(second, nanosecond).ok()
            })
    };
    let reason = proptest::option::of("[ -~]{1,200}");
    (time(), time(), any::<u32>(), reason).prop_map(|(not_before, since, tries, reason)| Waiting {
        not_before,
        since,
        tries,
        reason: reason.and_then(WaitingReason::new),
    })
}

fn table() -> impl Strategy<Value = String> {
    prop_oneof![3 => string(), 1 => value()]
}

fn state() -> impl Strategy<Value = String> {
    prop_oneof![6 => object(name(), value()), 1 => Just("null".to_owned()), 1 => value()]
}

fn body(state: &str) -> String {
    format!(r#"{{"name": "beers", "state": {state}}}"#)
}

proptest! {
    #[test]
    fn the_reserved_key_is_taken_out_and_nothing_else(
        before in vec((prop_oneof![name(), reserved_key()], value()), 0..5),
        key in reserved_key(),
        waiting in waiting(),
        after in vec((name(), value()), 0..3),
        gap in space(),
    ) {
        let mark = with_waiting("{}", &waiting);
        let mark = mark.strip_prefix("{\"weld-host\":").unwrap().strip_suffix('}').unwrap();
        let members = [before, vec![(key, mark.to_owned())], after].concat();
        let guest: Vec<_> = members
            .iter()
            .filter(|(name, _)| serde_json::from_str::<String>(name).unwrap() != RESERVED_KEY)
            .map(|(name, value)| format!("{name}:{value}"))
            .collect();
        let members: Vec<_> = members
            .iter()
            .map(|(name, value)| format!("{gap}{name}{gap}:{gap}{value}{gap}"))
            .collect();
        let state = format!("{{{}}}", members.join(","));

        let request = PageRequest::parse(body(&state).as_bytes()).unwrap();

        prop_assert_eq!(request.state.received(), state);
        prop_assert_eq!(request.state.guest(), format!("{{{}}}", guest.join(",")));
        prop_assert_eq!(request.state.waiting(), Some(&waiting));
    }

    #[test]
    fn a_state_without_the_reserved_key_is_handed_on_byte_for_byte(
        state in object(name(), value()),
    ) {
        let request = PageRequest::parse(body(&state).as_bytes()).unwrap();
        prop_assert_eq!(request.state.received(), &state);
        prop_assert_eq!(request.state.guest(), &state);
        prop_assert_eq!(request.state.waiting(), None);
    }

    #[test]
    fn a_mark_comes_back_as_it_was_written(state in object(name(), value()), waiting in waiting()) {
        let marked = with_waiting(&state, &waiting);
        let request = PageRequest::parse(body(&marked).as_bytes()).unwrap();
        prop_assert_eq!(request.state.waiting(), Some(&waiting));
        let (guest, state): (Value, Value) = (
            serde_json::from_str(request.state.guest()).unwrap(),
            serde_json::from_str(&state).unwrap(),
        );
        prop_assert_eq!(guest, state);
    }

    #[test]
    fn requests_are_read_where_a_tree_finds_them_sound(
        text in nearly(
            (table(), state(), name(), value()).prop_flat_map(|(table, state, name, other)| {
                let known = [("\"name\"", table), ("\"state\"", state)];
                let known = known.map(|(name, value)| (name.to_owned(), value));
                spaced_object([known.to_vec(), vec![(name, other)]].concat())
            }),
        ),
    ) {
        let tree: Option<Value> = serde_json::from_str(&text).ok();
        let table = tree.as_ref().and_then(|tree| tree.get("name")?.as_str());
        let table = table.filter(|table| !table.is_empty());
        let state = tree.as_ref().and_then(|tree| tree.get("state"));
        let sound_state = match state {
            None | Some(Value::Null) => true,
            // No generator produces a valid mark.
            Some(Value::Object(state)) => !state.contains_key(RESERVED_KEY),
            Some(_) => false,
        };
        let request = PageRequest::parse(text.as_bytes());
        prop_assert_eq!(request.is_ok(), table.is_some() && sound_state, "{:?}", request);
        if let Ok(request) = request {
            prop_assert_eq!(Some(request.table.as_str()), table);
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..64), text in nearly(value())) {
        for body in [bytes.as_slice(), text.as_bytes()] {
            let _ = PageRequest::parse(body);
            let _ = read_schema(body);
            let _ = read_page(body);
            let _ = read_error(body);
            let text = String::from_utf8_lossy(body).into_owned();
            let _ = Page::check(text.clone(), text.clone(), true);
            let _ = (ErrorKind::parse(&text), Pending::parse(&text));
        }
    }
}
