use wasmtime::component::{Component, Linker};
use wasmtime::{CallHook, Store};

use super::*;
use crate::account::HostAccount;
use crate::sandbox::engine::{EngineSettings, host_engine};

/// A component whose `run` calls itself `n` times, returns, and waits. A call takes about 50 bytes of the stack.
const DIVES: &str = r#"(component
    (import "wait" (func $wait))
    (core func $waits (canon lower (func $wait)))
    (core module $m
        (import "" "wait" (func $wait))
        (func $dive (param $n i32) (result i32)
            local.get $n
            i32.eqz
            if (result i32) i32.const 0
            else
                local.get $n i32.const 1 i32.sub call $dive
                i32.const 1 i32.add
            end)
        (func (export "run") (param $n i32)
            local.get $n
            call $dive
            drop
            call $wait))
    (core instance $i (instantiate $m (with "" (instance (export "wait" (func $waits))))))
    (func (export "run") (param "n" u32) (canon lift (core func $i "run"))))"#;

/// The charge for a call's stack while the call waits, after it has called itself `calls` times.
async fn charged(calls: u32, account: &Arc<CallAccount>) -> Result<u64, MemoryError> {
    let engine = host_engine(EngineSettings {
        slots: 1,
        max_memory_bytes: 1 << 20,
        total_memory_bytes: 1 << 30,
        keep_memory_bytes: 1 << 20,
    })
    .unwrap();
    let component = Component::new(&engine, wat::parse_str(DIVES).unwrap()).unwrap();
    let mut linker = Linker::<()>::new(&engine);
    linker
        .root()
        .func_wrap_async("wait", |_, (): ()| {
            Box::new(async {
                std::future::pending::<()>().await;
                Ok(())
            })
        })
        .unwrap();
    let (begin, charge) = (StackBegin::default(), StoreCharge::default());
    let mut meter = StackMeter::new(begin.clone(), account.clone(), charge);
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(1_000_000);
    store.call_hook(move |_, hook| {
        if matches!(hook, CallHook::CallingWasm) {
            begin.enter();
        }
        Ok(())
    });
    let instance = linker
        .instantiate_async(&mut store, &component)
        .await
        .unwrap();
    let run = instance
        .get_typed_func::<(u32,), ()>(&mut store, "run")
        .unwrap();
    let mut call = pin!(run.call_async(&mut store, (calls,)));
    let looked = poll_fn(|context| {
        assert!(call.as_mut().poll(context).is_pending(), "it waits");
        Poll::Ready(meter.charge_growth())
    });
    looked.await.map(|()| account.owned_bytes())
}

fn account(limit_bytes: u64) -> Arc<CallAccount> {
    CallAccount::new(HostAccount::new(u64::MAX), limit_bytes)
}

#[tokio::test]
async fn a_stack_is_charged_to_its_deepest_point_even_after_returning() {
    let account = account(1 << 30);
    assert_eq!(charged(10, &account).await, Ok(0));
    let some = charged(20_000, &account).await.unwrap();
    assert!((512 << 10..=2 << 20).contains(&some), "{some}");
    let much = charged(100_000, &account).await.unwrap();
    assert!((4 << 20..=8 << 20).contains(&much), "{much}");
}

#[tokio::test]
async fn a_stack_larger_than_the_memory_of_a_call_is_refused() {
    let refused = charged(100_000, &account(1 << 20)).await;
    assert_eq!(refused, Err(MemoryError::Connector(1 << 20)));
}
