//! Requests that come, go and break off in any order, against a model of what must become of them.
//!
//! At every step: no key has two calls at once, nobody who waits is forgotten, no outcome is given to one who asked
//! after it was delivered, and none is lost before its time; and what nobody waits for keeps to its bounds.

mod world;

use proptest::prelude::*;

use world::World;

#[derive(Debug, Clone)]
enum Op {
    /// A request for this key comes.
    Arrive(u8),
    /// The client of this one who waits goes away.
    Leave(usize),
    /// The answer of this one begins to be written.
    Write(usize),
    /// It has been written.
    Deliver(usize),
    /// This key's call ends.
    Finish(u8, Ending),
    /// Time passes, in steps.
    Pass(u8),
    /// Room is needed.
    MakeRoom,
    /// The host starts anew.
    Restart,
}

#[derive(Debug, Clone, Copy)]
enum Ending {
    /// Of so many bytes.
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
        8 => (0..4u8).prop_map(Op::Arrive),
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
    fn requests_in_any_order_get_what_is_theirs(ops in prop::collection::vec(op(), 1..100)) {
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
