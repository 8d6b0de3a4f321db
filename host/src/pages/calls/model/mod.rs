//! Requests that arrive, leave and break off in any order, compared with a model of the expected behavior.
//!
//! At every step: no key has two calls at once; no waiter is forgotten; no outcome goes to a request that came after
//! its delivery, and none is lost before its time; and outcomes without waiters stay within their bounds.

mod world;

use proptest::prelude::*;

use world::World;

#[derive(Debug, Clone)]
enum Op {
    /// A request for this key arrives. If it begins a call, the call runs within the request or apart from it.
    Arrive(u8, bool),
    /// The client of this waiter leaves.
    Leave(usize),
    /// The host begins to write the answer to this client.
    Write(usize),
    /// The answer has been written.
    Deliver(usize),
    /// This key's call ends.
    Finish(u8, Ending),
    /// Time passes, in steps.
    Pass(u8),
    /// A call must make room.
    MakeRoom,
    /// The host restarts.
    Restart,
}

#[derive(Debug, Clone, Copy)]
enum Ending {
    /// A page of this many bytes.
    Page(u64),
    Failure,
    NoRoom,
    Panic,
}

fn op() -> impl Strategy<Value = Op> {
    let ending = prop_oneof![
        4 => (1..5u64).prop_map(Ending::Page),
        2 => Just(Ending::Failure),
        1 => Just(Ending::NoRoom),
        1 => Just(Ending::Panic),
    ];
    prop_oneof![
        8 => (0..4u8, any::<bool>()).prop_map(|(key, apart)| Op::Arrive(key, apart)),
        4 => any::<usize>().prop_map(Op::Leave),
        4 => any::<usize>().prop_map(Op::Write),
        4 => any::<usize>().prop_map(Op::Deliver),
        5 => (0..4u8, ending).prop_map(|(key, ending)| Op::Finish(key, ending)),
        3 => (1..5u8).prop_map(Op::Pass),
        1 => Just(Op::MakeRoom),
        1 => Just(Op::Restart),
    ]
}

proptest! {
    #[test]
    fn requests_in_any_order_get_the_right_outcomes(ops in prop::collection::vec(op(), 1..100)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut world = World::new();
            for op in &ops {
                world.step(op).await;
            }
        });
    }
}
