//! Values that components in the text format hand over.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store, StoreContextMut};

use super::handed::{HandedBytes, HandedList, PAID_BYTES_FOR_ONE, paid_by, payment};
use super::handed_text::HandedText;
use super::returned::{ReturnedBody, ReturnedResponse};
use crate::account::{Bulk, CallAccount, HostAccount, MemoryError};
use crate::scope::CpuClock;

/// What a component handed over last: a text, bytes, texts; and the charge for it.
type HandedOver = (
    (HandedText, HandedBytes, HandedList<HandedText>),
    Result<u64, MemoryError>,
);

/// A component that hands over parts of its memory, with texts in this encoding.
fn component(
    encoding: &str,
    memory: &str,
    text: [u32; 2],
    bytes: [u32; 2],
    list: [u32; 2],
) -> String {
    let arguments: Vec<String> = [text, bytes, list]
        .concat()
        .iter()
        .map(|number| format!("i32.const {number}"))
        .collect();
    format!(
        r#"(component
            (import "take" (func $take (param "t" string) (param "b" (list u8)) (param "l" (list string))))
            (core module $memory (memory (export "memory") 1) (data (i32.const 0) "{memory}"))
            (core instance $memory (instantiate $memory))
            (core func $take (canon lower (func $take) (memory $memory "memory") string-encoding={encoding}))
            (core module $guest
                (import "host" "take" (func $take (param i32 i32 i32 i32 i32 i32)))
                (func (export "run") (call $take {}))
            )
            (core instance $guest (instantiate $guest
                (with "host" (instance (export "take" (func $take))))
            ))
            (func (export "run") (canon lift (core func $guest "run")))
        )"#,
        arguments.join(" ")
    )
}

/// Runs a component; `total_bytes` is the memory for all calls.
async fn run(component: &str, total_bytes: u64, fuel: usize) -> wasmtime::Result<HandedOver> {
    let engine = Engine::default();
    let component = Component::new(&engine, wat::parse_str(component).unwrap())?;
    let mut linker = Linker::<Option<HandedOver>>::new(&engine);
    linker.root().func_wrap(
        "take",
        |mut store: StoreContextMut<'_, Option<HandedOver>>, values| {
            let paid = payment().map(|charge| charge.bytes());
            *store.data_mut() = Some((values, paid));
            Ok(())
        },
    )?;
    let account = CallAccount::new(HostAccount::new(total_bytes), 0);
    paid_by(account, async {
        let mut store = Store::new(&engine, None);
        store.set_hostcall_fuel(fuel);
        let instance = linker.instantiate_async(&mut store, &component).await?;
        let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
        run.call_async(&mut store, ()).await?;
        Ok(store.into_data().unwrap())
    })
    .await
}

fn clock() -> Arc<CpuClock> {
    CpuClock::new(Duration::from_secs(3600))
}

async fn read(text: HandedText) -> String {
    text.into_string(&clock()).await.unwrap()
}

#[tokio::test]
async fn values_are_read_unchanged_and_charged() {
    // "zoë" in each encoding, then a list of one text: the same one.
    let utf8 = component(
        "utf8",
        r"zo\c3\ab\00\00\00\00\00\00\00\00\04\00\00\00",
        [0, 4],
        [0, 3],
        [8, 1],
    );
    let utf16 = component(
        "utf16",
        r"z\00o\00\eb\00\00\00\00\00\00\00\03\00\00\00",
        [0, 3],
        [0, 3],
        [8, 1],
    );
    let latin1 = component(
        "latin1+utf16",
        r"zo\eb\00\00\00\00\00\00\00\00\00\03\00\00\00",
        [0, 3],
        [0, 3],
        [8, 1],
    );
    let tagged = component(
        "latin1+utf16",
        r"z\00o\00\eb\00\00\00\00\00\00\00\03\00\00\80",
        [0, (1 << 31) | 3],
        [0, 3],
        [8, 1],
    );
    for (text, expected) in [(utf8, 4), (utf16, 18), (latin1, 9), (tagged, 18)] {
        let ((one, bytes, list), paid) = run(&text, 1_000, 1_000).await.unwrap();
        assert_eq!(read(one).await, "zoë", "{text}");
        assert_eq!(bytes.0.len(), 3);
        let [listed] = list.0.try_into().unwrap();
        assert_eq!(read(listed).await, "zoë");
        let held = size_of::<HandedText>() as u64;
        assert_eq!(paid, Ok(2 * expected + 3 + held), "{text}");
    }
}

#[tokio::test]
async fn a_beginning_ends_with_a_whole_character_and_the_rest_is_not_checked() {
    // "zoë🍺", then invalid text.
    let utf8 = component("utf8", r"zo\c3\ab\f0\9f\8d\ba\ff", [0, 9], [0, 0], [0, 0]);
    let utf16 = component(
        "utf16",
        r"z\00o\00\eb\00\3c\d8\7a\df\00\d8",
        [0, 6],
        [0, 0],
        [0, 0],
    );
    let latin1 = component("latin1+utf16", r"zo\eb", [0, 3], [0, 0], [0, 0]);
    let cases = [
        (
            &utf8,
            [
                (0, ""),
                (2, "zo"),
                (3, "zo"),
                (4, "zoë"),
                (7, "zoë"),
                (8, "zoë🍺"),
            ]
            .as_slice(),
        ),
        (
            &utf16,
            &[(1, ""), (5, "zo"), (6, "zoë"), (9, "zoë"), (10, "zoë🍺")],
        ),
        (&latin1, &[(2, "zo"), (3, "zoë"), (9, "zoë")]),
    ];
    for (component, beginnings) in cases {
        for (bytes, expected) in beginnings {
            let ((text, ..), _) = run(component, 1_000, 1_000).await.unwrap();
            let beginning = text.beginning(*bytes, &clock()).await.unwrap();
            assert_eq!(beginning, *expected, "{bytes} bytes of {component}");
        }
    }
}

#[tokio::test]
async fn values_without_memory_for_them_are_not_copied() {
    let text = component("utf8", "", [0, 60_000], [0, 60_000], [0, 1_000]);
    let ((one, bytes, list), paid) = run(&text, 59_999, 1 << 20).await.unwrap();
    assert_eq!(paid, Err(MemoryError::Total(59_999)));
    let lengths = (read(one).await.len(), bytes.0.len(), list.0.len());
    assert_eq!(lengths, (0, 0, 0));
    let ((one, bytes, list), paid) = run(&text, 119_999, 1 << 20).await.unwrap();
    assert_eq!(paid, Err(MemoryError::Total(119_999)));
    let lengths = (read(one).await.len(), bytes.0.len(), list.0.len());
    assert_eq!(lengths, (60_000, 0, 0));
}

#[tokio::test]
async fn values_outside_of_memory_and_broken_or_too_large_ones_trap() {
    let outside = [
        component("utf8", "", [65_535, 2], [0, 0], [0, 0]),
        component("utf8", "", [0, 0], [u32::MAX, u32::MAX], [0, 0]),
        component("utf8", "", [0, 0], [0, 0], [0, u32::MAX]),
        component("utf8", "", [0, 0], [0, 0], [2, 1]),
        component("utf16", "", [1, 1], [0, 0], [0, 0]),
        component("utf16", "", [0, 1 << 31], [0, 0], [0, 0]),
    ];
    for text in outside {
        let error = run(&text, 1 << 30, 1 << 20).await.unwrap_err();
        let cause = error.root_cause().to_string();
        assert_eq!(
            cause, "a value lies outside of the guest's memory",
            "{text}"
        );
    }
    let broken = [
        component("utf8", r"\ff", [0, 1], [0, 0], [0, 0]),
        component("utf16", r"\00\d8", [0, 1], [0, 0], [0, 0]),
    ];
    for component in broken {
        let ((text, ..), _) = run(&component, 1 << 30, 1 << 20).await.unwrap();
        assert!(text.into_string(&clock()).await.is_err(), "{component}");
    }
    let most = 50_000 / PAID_BYTES_FOR_ONE;
    let long = component("utf8", "", [0, 50_001], [0, 0], [0, 0]);
    let error = run(&long, 1 << 30, usize::try_from(most).unwrap())
        .await
        .unwrap_err();
    assert!(format!("{error:?}").contains("too much data"), "{error:?}");
}

#[tokio::test]
async fn outside_of_a_call_nothing_is_handed_over() {
    assert!(payment().is_err());
    let account: Arc<CallAccount> = CallAccount::new(HostAccount::new(10), 0);
    let paid = paid_by(account, async { payment().map(|charge| charge.bytes()) });
    assert_eq!(paid.await, Ok(0));
}

/// A component that receives a response, with a memory of `pages` pages of 64 KiB.
fn receiver(pages: u32) -> String {
    format!(
        r#"(component
            (type $body (variant (case "text" string) (case "bytes" (list u8))))
            (import "body" (type $named-body (eq $body)))
            (type $response (record
                (field "status" u16)
                (field "headers" (list (tuple string string)))
                (field "body" $named-body)
                (field "url" string)
            ))
            (import "response" (type $named (eq $response)))
            (import "give" (func $give (result $named)))
            (core module $memory
                (memory (export "memory") {pages})
                (global $next (mut i32) (i32.const 1024))
                (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    global.get $next
                    local.tee $at
                    local.get 3
                    i32.add
                    i32.const 8
                    i32.add
                    i32.const -8
                    i32.and
                    global.set $next
                    local.get $at)
            )
            (core instance $memory (instantiate $memory))
            (core func $give (canon lower (func $give)
                (memory $memory "memory") (realloc (func $memory "realloc"))))
            (core module $guest
                (import "host" "give" (func $give (param i32)))
                (func (export "run") (call $give (i32.const 16)))
            )
            (core instance $guest (instantiate $guest
                (with "host" (instance (export "give" (func $give))))
            ))
            (func (export "run") (canon lift (core func $guest "run")))
        )"#
    )
}

#[tokio::test]
async fn only_the_host_keeps_a_body_after_the_guest_received_or_refused_it() {
    let bodies = [
        ReturnedBody::Text(Arc::new("x".repeat(100_000))),
        ReturnedBody::Bytes(Arc::new(vec![0xff; 100_000])),
    ];
    for (mut body, (pages, has_room)) in bodies.into_iter().zip([(4, true), (1, false)]) {
        let engine = Engine::default();
        let bytes = wat::parse_str(receiver(pages)).unwrap();
        let component = Component::new(&engine, bytes).unwrap();
        let mut linker = Linker::<()>::new(&engine);
        let given = body.clone();
        let give = move |_: StoreContextMut<'_, ()>, (): ()| {
            Ok((ReturnedResponse {
                status: 200,
                headers: vec![("a".to_owned(), "b".to_owned())],
                body: given.clone(),
                url: "https://api.example/".to_owned(),
            },))
        };
        linker.root().func_wrap("give", give).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate_async(&mut store, &component).await;
        let instance = instance.unwrap();
        let run = instance
            .get_typed_func::<(), ()>(&mut store, "run")
            .unwrap();
        assert_eq!(run.call_async(&mut store, ()).await.is_ok(), has_room);
        drop((store, linker));
        assert!(body.held_bytes() >= 100_000);
        body.shorten(60_000);
        assert!(
            body.held_bytes() <= 40_000,
            "the host has the only reference"
        );
    }
}
