//! The engine, its pool and its clock: the one place where they are built.

use std::time::Duration;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy,
};

use super::machine::processors;

/// How often running guests are interrupted, to let others run and to look at their processor time.
///
/// Lab measurements showed no gain from 1 ms, and 10 ms keeps a page of 0.4 ms free of interruptions.
const TICK: Duration = Duration::from_millis(10);

/// The deepest call stack of wasm code. Deeper recursion traps.
///
/// One call of a JavaScript function takes 800 bytes. The engines of languages end recursion by themselves, with an error
/// that names the place, once their own stacks are used up; JavaScript's is, in any kind of recursion, before this one.
pub(super) const WASM_STACK_BYTES: usize = 8 << 20;

/// The stack that guest and host functions share during a call. What lies above [`WASM_STACK_BYTES`] is the host's,
/// so that a guest at its own limit can't overflow a host function. It takes memory as far down as it was ever used.
const FIBER_STACK_BYTES: usize = 10 << 20;

/// How much of its stack a slot keeps between calls. The rest goes back to the system.
pub(super) const STACK_KEEP_RESIDENT_BYTES: usize = 64 << 10;

/// Sizes for one slot of the pool. Python guests need 14 core instances, two memories are QuickJS's, the largest
/// table seen (StarlingMonkey's) has 7,692 elements.
const CORE_INSTANCES_PER_SLOT: u32 = 16;
const MEMORIES_PER_SLOT: u32 = 2;
const TABLES_PER_SLOT: u32 = 4;
const TABLE_ELEMENTS: usize = 20_000;
const INSTANCE_BYTES: usize = 1 << 20;

/// The part of all memory that idle slots may keep: one such.
pub(crate) const IDLE_SHARE: u64 = 8;

/// How much of its tables a slot keeps between calls instead of giving it back to the system.
const TABLE_KEEP_RESIDENT_BYTES: usize = 128 << 10;

/// What the pool reserves for each memory, and leaves unmapped behind it, so that wasm code needs no checks of bounds:
/// wasmtime's own values, stated since [`ADDRESSES_PER_SLOT`] counts on them.
const MEMORY_RESERVATION_BYTES: u64 = 4 << 30;
const MEMORY_GUARD_BYTES: u64 = 32 << 20;

/// The addresses that the pool reserves for each slot, in bytes. They take no memory.
pub(super) const ADDRESSES_PER_SLOT: u64 = (MEMORIES_PER_SLOT as u64)
    * (MEMORY_RESERVATION_BYTES + MEMORY_GUARD_BYTES)
    + (TABLES_PER_SLOT as u64) * (TABLE_ELEMENTS as u64) * 8
    + (FIBER_STACK_BYTES as u64);

/// Slots beyond those that calls may use, for the trial instantiation at load.
pub(super) const LOADING_SLOTS: u32 = 4;

/// What the engine's pool is sized to. It can't grow later.
#[derive(Debug, Clone, Copy)]
pub struct EngineSettings {
    /// How many calls may hold a store at once.
    pub slots: u32,
    /// The largest linear memory of any connector, in bytes.
    pub max_memory_bytes: u64,
    /// What the linear memories and tables of all calls may come to together, in bytes.
    pub total_memory_bytes: u64,
    /// How much of its linear memory a slot keeps between calls instead of giving it back to the system, in bytes.
    pub keep_memory_bytes: u64,
}

impl EngineSettings {
    /// What one idle slot may keep: as many as keep any must not come to more than an eighth of all memory.
    fn kept_bytes(&self) -> u64 {
        let share = self.total_memory_bytes / IDLE_SHARE / u64::from(warm_slots());
        self.keep_memory_bytes.min(share)
    }
}

/// The engine could not be built: a fault of the host or a limit of the machine.
#[derive(Debug, thiserror::Error)]
#[error(
    "the WebAssembly engine did not start with {slots} slots; fewer (--slots) need less address space"
)]
pub struct EngineError {
    /// How many slots were asked for.
    pub(super) slots: u32,
    /// What the engine said.
    #[source]
    pub(super) source: Box<dyn std::error::Error + Send + Sync>,
}

/// The engine of a host: reserves its pool's address space and starts its clock, a thread that ends with the engine.
///
/// # Errors
///
/// [`EngineError`] if the system refuses the address space or the thread.
pub(super) fn host_engine(settings: EngineSettings) -> Result<Engine, EngineError> {
    let failed = |source| EngineError {
        slots: settings.slots,
        source,
    };
    let engine = Engine::new(&engine_config(pool(settings).into()))
        .map_err(|error| failed(error.into_boxed_dyn_error()))?;
    start_clock(&engine).map_err(|error| failed(error.into()))?;
    Ok(engine)
}

/// The engine of a compiler process, which runs nothing. Its code fits the host's engine, since where instances get
/// their memory does not shape the code.
pub(super) fn compiler_config() -> Config {
    engine_config(InstanceAllocationStrategy::OnDemand)
}

fn engine_config(allocation: InstanceAllocationStrategy) -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .wasm_component_model(true)
        .allocation_strategy(allocation)
        .memory_init_cow(true)
        .memory_reservation(MEMORY_RESERVATION_BYTES)
        .memory_guard_size(MEMORY_GUARD_BYTES)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        // Or else each slot would keep as much of its stack as the deepest call ever took.
        .async_stack_zeroing(true);
    config
}

fn pool(settings: EngineSettings) -> PoolingAllocationConfig {
    let slots = settings.slots.saturating_add(LOADING_SLOTS);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_stacks(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES_PER_SLOT))
        .total_memories(slots.saturating_mul(MEMORIES_PER_SLOT))
        .total_tables(slots.saturating_mul(TABLES_PER_SLOT))
        .max_core_instances_per_component(CORE_INSTANCES_PER_SLOT)
        .max_memories_per_component(MEMORIES_PER_SLOT)
        .max_tables_per_component(TABLES_PER_SLOT)
        .max_component_instance_size(INSTANCE_BYTES)
        .max_core_instance_size(INSTANCE_BYTES)
        .max_memory_size(in_memory(settings.max_memory_bytes))
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(in_memory(settings.kept_bytes()))
        .table_keep_resident(TABLE_KEEP_RESIDENT_BYTES)
        .async_stack_keep_resident(STACK_KEEP_RESIDENT_BYTES)
        .max_unused_warm_slots(warm_slots())
        // Looks at 32 regions and drops the rest, so a scattered heap such as Python's gains nothing from it.
        .pagemap_scan(Enabled::No);
    pool
}

/// A size as the pool takes it.
fn in_memory(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// How many idle slots keep their memory: enough for the calls that the processors can run at once, since every one
/// costs the memory of a guest.
fn warm_slots() -> u32 {
    processors().saturating_mul(4)
}

/// How many calls may compute at once.
pub(super) fn permits() -> u32 {
    processors()
}

/// How many threads the host needs: one for each call that computes, and as many that are never taken by one, so that
/// sockets and timers are looked after in time.
#[must_use]
pub fn worker_threads() -> usize {
    (permits() as usize).saturating_mul(2).max(4)
}

/// Raises the engine's epoch at every [`TICK`] until the engine is gone.
fn start_clock(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("epoch-clock".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })
        .map(drop)
}

#[cfg(test)]
mod tests {
    use wasmtime::component::{Component, Linker};
    use wasmtime::{Store, Trap};

    use super::*;

    /// A component whose `dive` calls itself so many times: each call takes some 100 bytes of the stack.
    const DIVES: &str = r#"(component
        (core module $m
            (func $dive (export "dive") (param $n i32) (result i32)
                local.get $n
                i32.eqz
                if (result i32) i32.const 0
                else
                    local.get $n i32.const 1 i32.sub call $dive
                    i32.const 1 i32.add
                end))
        (core instance $i (instantiate $m))
        (func (export "dive") (param "n" u32) (result u32) (canon lift (core func $i "dive"))))"#;

    async fn dive(engine: &Engine, calls: u32) -> Result<u32, wasmtime::Error> {
        let component = Component::new(engine, wat::parse_str(DIVES).unwrap())?;
        let mut store = Store::new(engine, ());
        store.set_epoch_deadline(1_000_000);
        let instance = Linker::new(engine)
            .instantiate_async(&mut store, &component)
            .await?;
        let dive = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "dive")?;
        Ok(dive.call_async(&mut store, (calls,)).await?.0)
    }

    fn engine() -> Engine {
        host_engine(EngineSettings {
            slots: 1,
            max_memory_bytes: 1 << 20,
            total_memory_bytes: 1 << 30,
            keep_memory_bytes: 1 << 20,
        })
        .unwrap()
    }

    #[tokio::test]
    async fn a_deep_call_stack_ends_in_a_trap_and_gives_its_memory_back() {
        let engine = engine();
        let resident = || {
            let metrics = engine.pooling_allocator_metrics().unwrap();
            metrics.unused_stack_bytes_resident()
        };
        assert_eq!(dive(&engine, 100_000).await.unwrap(), 100_000);
        assert!(resident().is_some_and(|bytes| bytes <= STACK_KEEP_RESIDENT_BYTES * 5));
        let error = dive(&engine, 10_000_000).await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow));
        assert!(resident().is_some_and(|bytes| bytes <= STACK_KEEP_RESIDENT_BYTES * 5));
    }
}
