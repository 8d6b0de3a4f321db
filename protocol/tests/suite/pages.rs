use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use weld_protocol::{Page, PageError, PageText, RESERVED_KEY, read_page};

use crate::texts::{array, name, nearly, object, reserved_key, space, value};

/// Anything that a careless connector may return as its rows or its state.
fn anything() -> impl Strategy<Value = String> {
    let key = prop_oneof![9 => name(), 1 => reserved_key()];
    let text = prop_oneof![
        value(),
        array(object(name(), value()), 0..4),
        array(
            prop_oneof![5 => object(name(), value()), 1 => value()],
            0..4
        ),
        object(key, value()),
        Just("null".to_owned()),
    ];
    nearly(
        (space(), text, space()).prop_map(|(before, text, after)| format!("{before}{text}{after}")),
    )
}

proptest! {
    #[test]
    fn rows_are_accepted_where_a_tree_finds_them_sound(insert in anything()) {
        let checked = Page::check(insert.clone(), "null".to_owned(), false);
        let as_expected = match serde_json::from_str(&insert) {
            Err(_) => matches!(checked, Err(PageError::InsertNotJson(_))),
            Ok(Value::Array(rows)) => match rows.iter().position(|row| !row.is_object()) {
                None => checked.as_ref().is_ok_and(|page| page.rows() == rows.len() as u64),
                Some(wrong) => matches!(
                    checked,
                    Err(PageError::RowNotAnObject { index, .. }) if index == wrong as u64
                ),
            },
            Ok(_) => matches!(checked, Err(PageError::InsertNotAnArray { .. })),
        };
        prop_assert!(as_expected, "{:?}", checked);
    }

    #[test]
    fn states_are_accepted_where_a_tree_finds_them_sound(
        state in anything(),
        has_more in any::<bool>(),
    ) {
        let checked = Page::check("[]".to_owned(), state.clone(), has_more);
        let as_expected = match serde_json::from_str(&state) {
            Err(_) => matches!(checked, Err(PageError::StateNotJson(_))),
            Ok(Value::Object(state)) if state.contains_key(RESERVED_KEY) => {
                checked == Err(PageError::ReservedKey)
            }
            Ok(Value::Null) if has_more => checked == Err(PageError::MoreWithoutState),
            Ok(Value::Null | Value::Object(_)) => checked.is_ok(),
            Ok(_) => matches!(checked, Err(PageError::StateNotAnObject { .. })),
        };
        prop_assert!(as_expected, "{:?}", checked);
    }

    #[test]
    fn a_spliced_page_holds_the_values_it_was_made_of(
        rows in vec(object(name(), value()), 0..5),
        state in object(name(), value()),
        has_more in any::<bool>(),
        gap in space(),
    ) {
        let insert = format!("{gap}[{}]{gap}", rows.join(&format!("{gap},")));
        let page = Page::check(insert.clone(), format!("{gap}{state}{gap}"), has_more).unwrap();
        let text = page.into_parts();
        let whole = text.chunks().concat();

        prop_assert_eq!(text.len(), whole.len());
        let tree = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        prop_assert_eq!(
            tree(&whole),
            json!({"insert": tree(&insert), "state": tree(&state), "hasMore": has_more})
        );
        let answer = read_page(whole.as_bytes()).unwrap();
        prop_assert_eq!(answer.insert.iter().map(|row| row.get()).collect::<Vec<_>>(), rows);
        prop_assert_eq!(answer.state.get(), state);
        prop_assert_eq!(answer.has_more, has_more);
    }

    #[test]
    fn a_pending_answer_gives_the_state_back(state in object(name(), value())) {
        let whole = PageText::pending(&state).into_chunks().concat();
        let answer = read_page(whole.as_bytes()).unwrap();
        prop_assert!(answer.insert.is_empty() && answer.has_more);
        prop_assert_eq!(answer.state.get(), state);
    }
}
