//! Texts of a million brackets, read on a stack of an eighth of a byte for each bracket.

use weld_protocol::{
    Field, FieldType, Page, PageError, PageRequest, RequestError, SchemaError, Table, WaitingError,
    read_error, read_page, read_schema, write_schema,
};

const DEPTH: usize = 1_000_000;

/// In bytes: enough for the frames of a debug build, far too little for one frame per bracket.
const STACK: usize = 128 * 1024;

fn on_a_small_stack(test: fn()) {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(test);
    assert!(
        thread.is_ok_and(|thread| thread.join().is_ok()),
        "the assertion above failed"
    );
}

fn arrays() -> String {
    "[".repeat(DEPTH) + &"]".repeat(DEPTH)
}

fn objects() -> String {
    r#"{"a":"#.repeat(DEPTH) + "1" + &"}".repeat(DEPTH)
}

#[test]
fn deep_requests_are_refused_or_read_without_recursion() {
    on_a_small_stack(|| {
        let unclosed = "[".repeat(DEPTH);
        assert!(matches!(
            PageRequest::parse(unclosed.as_bytes()),
            Err(RequestError::NotJson(_))
        ));
        assert!(matches!(
            PageRequest::parse(arrays().as_bytes()),
            Err(RequestError::NotAnObject { .. })
        ));
        assert!(matches!(
            PageRequest::parse(objects().as_bytes()),
            Err(RequestError::NoName)
        ));
        let named = format!(r#"{{"name":{}}}"#, arrays());
        assert!(matches!(
            PageRequest::parse(named.as_bytes()),
            Err(RequestError::NameNotAString { .. })
        ));
        let marked = format!(r#"{{"name":"a","state":{{"weld-host":{}}}}}"#, objects());
        assert_eq!(
            PageRequest::parse(marked.as_bytes()),
            Err(RequestError::ReservedKey(WaitingError::Missing {
                member: "not-before"
            })),
        );

        let state = objects();
        let body = format!(r#"{{"name":"a","other":{},"state":{state}}}"#, arrays());
        let request = PageRequest::parse(body.as_bytes());
        assert_eq!(
            request.map(|request| request.state.into_guest() == state),
            Ok(true)
        );
    });
}

#[test]
fn deep_pages_are_refused_or_passed_on_without_recursion() {
    on_a_small_stack(|| {
        let row_of_wrong_kind = Page::check(arrays(), "{}".to_owned(), true);
        assert!(matches!(
            row_of_wrong_kind,
            Err(PageError::RowNotAnObject { index: 0, .. })
        ));
        let unclosed = Page::check("[".repeat(DEPTH), "{}".to_owned(), true);
        assert!(matches!(unclosed, Err(PageError::InsertNotJson(_))));
        let state_of_wrong_kind = Page::check("[]".to_owned(), arrays(), true);
        assert!(matches!(
            state_of_wrong_kind,
            Err(PageError::StateNotAnObject { .. })
        ));

        let insert = format!("[{},{}]", objects(), objects());
        let page = Page::check(insert, objects(), true);
        assert_eq!(page.as_ref().map(Page::rows), Ok(2));
        let text = page
            .map(|page| page.into_parts().into_chunks().concat())
            .unwrap_or_default();
        assert!(read_page(text.as_bytes()).is_ok_and(|answer| answer.insert.len() == 2));
    });
}

#[test]
fn deep_schemas_and_errors_are_refused_or_passed_on_without_recursion() {
    on_a_small_stack(|| {
        let tables = |text: String| {
            let field = Field {
                name: "a".to_owned(),
                field_type: FieldType::Described(text),
                default: None,
            };
            [Table {
                name: "t".to_owned(),
                primary_key: Vec::new(),
                fields: vec![field],
            }]
        };
        let sound = tables(arrays());
        let written = write_schema(&sound, u64::MAX).unwrap_or_default();
        assert!(read_schema(written.as_bytes()).is_ok_and(|read| read == sound));
        let unclosed = write_schema(&tables("[".repeat(DEPTH)), u64::MAX);
        assert!(matches!(unclosed, Err(SchemaError::NotJson { .. })));

        let error = format!(r#"{{"error":{}}}"#, objects());
        assert!(read_error(error.as_bytes()).is_none());
    });
}
