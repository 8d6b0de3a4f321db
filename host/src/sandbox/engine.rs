//! Builds the engine, its pool and its clock.

use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy,
};

use super::executable_memory;
use super::machine::processors;
use super::target_cpu::TargetCpu;
use crate::report::size_text;

/// How often running guests are interrupted, so that others can run and their processor time can be checked.
///
/// Lab measurements showed no gain from 1 ms, and 10 ms keeps a page of 0.4 ms free of interruptions.
const TICK: Duration = Duration::from_millis(10);

/// The size of the call stack of wasm code. Deeper recursion traps.
///
/// One call of a JavaScript function takes 800 bytes. Engines of languages end recursion themselves when their own
/// stacks are used up, with an error that names the place; JavaScript's stack is always used up before this one.
pub(super) const WASM_STACK_BYTES: usize = 8 << 20;

/// The size of the stack that guest and host functions share during a call. The part beyond [`WASM_STACK_BYTES`] is the
/// host's, so that a guest at its limit can't overflow a host function. It takes memory down to the deepest point used.
const FIBER_STACK_BYTES: usize = 10 << 20;

/// How much of its stack a slot keeps between calls. The rest is returned to the system.
pub(super) const STACK_KEEP_RESIDENT_BYTES: usize = 64 << 10;

/// Sizes for one slot of the pool. Python guests need 14 core instances, QuickJS needs two memories, and the largest
/// known table (StarlingMonkey's) has 7,692 elements.
const CORE_INSTANCES_PER_SLOT: u32 = 16;
const MEMORIES_PER_SLOT: u32 = 2;
const TABLES_PER_SLOT: u32 = 4;
const TABLE_ELEMENTS: usize = 20_000;
const INSTANCE_BYTES: usize = 1 << 20;

/// Idle slots may keep this fraction (1/8) of all memory.
pub(crate) const IDLE_SHARE: u64 = 8;

/// How much of its tables a slot keeps between calls; the rest is returned to the system.
const TABLE_KEEP_RESIDENT_BYTES: usize = 128 << 10;

/// The address space that the pool reserves for each memory, and the unmapped part after it, which make bounds checks
/// in wasm code unnecessary. These are wasmtime's defaults, stated here because [`ADDRESSES_PER_SLOT`] depends on them.
const MEMORY_RESERVATION_BYTES: u64 = 4 << 30;
const MEMORY_GUARD_BYTES: u64 = 32 << 20;

/// The address space that the pool reserves for each slot, in bytes. It takes no memory.
pub(super) const ADDRESSES_PER_SLOT: u64 = (MEMORIES_PER_SLOT as u64)
    * (MEMORY_RESERVATION_BYTES + MEMORY_GUARD_BYTES)
    + (TABLES_PER_SLOT as u64) * (TABLE_ELEMENTS as u64) * 8
    + (FIBER_STACK_BYTES as u64);

/// Additional slots for the trial instantiation of loading components.
pub(super) const LOADING_SLOTS: u32 = 4;

/// The sizes of the engine's pool. It can't grow later.
#[derive(Debug, Clone, Copy)]
pub struct EngineSettings {
    /// How many calls may hold a store at once.
    pub slots: u32,
    /// The largest linear memory of any connector, in bytes.
    pub max_memory_bytes: u64,
    /// The limit on the linear memories and tables of all calls together, in bytes.
    pub total_memory_bytes: u64,
    /// How much of its linear memory a slot keeps between calls, in bytes; the rest is returned to the system.
    pub keep_memory_bytes: u64,
}

impl EngineSettings {
    /// How much one idle slot may keep: all idle slots together keep at most an eighth of all memory.
    fn kept_bytes(&self) -> u64 {
        let share = self.total_memory_bytes / IDLE_SHARE / u64::from(warm_slots());
        self.keep_memory_bytes.min(share)
    }
}

/// The engine could not be built: an error in the host or a limit of the machine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine refused its settings or could not start.
    #[error(
        "the WebAssembly engine did not start with {slots} slots (fewer, by --slots, need less address space)"
    )]
    Start {
        /// The requested number of slots.
        slots: u32,
        /// The engine's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The process may not reserve the address space of even the smallest pool.
    #[error(
        "the limit of {} on this process's address space (`ulimit -v`, LimitAS= of systemd) is too low: its sandboxes \
         reserve {} of address space, without using it; remove the limit, and limit memory with --total-memory or \
         MemoryMax= instead",
        size_text(*limit_bytes), size_text(needed_bytes.next_multiple_of(1 << 30))
    )]
    AddressSpace {
        /// The limit, `RLIMIT_AS`.
        limit_bytes: u64,
        /// What this number of sandboxes needs at least.
        needed_bytes: u64,
        /// The engine's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The system forbids executable memory.
    #[error(
        "this system forbids the process to make memory executable, so no connector can run: remove \
         MemoryDenyWriteExecute= from the unit of systemd, or whatever else forbids it (PR_SET_MDWE, a seccomp filter, \
         execmem in SELinux)"
    )]
    ExecutableMemory(#[source] std::io::Error),
}

impl EngineError {
    /// Whether this is an error of the host, rather than a setting of the system that an operator can change.
    pub(crate) fn is_fault(&self) -> bool {
        match self {
            Self::Start { .. } => true,
            Self::AddressSpace { .. } | Self::ExecutableMemory(_) => false,
        }
    }
}

/// The engine of a host: reserves its pool's address space and starts its clock, a thread that ends with the engine.
///
/// # Errors
///
/// [`EngineError`] if the system forbids executable memory, or refuses the address space or the thread.
pub(super) fn host_engine(settings: EngineSettings) -> Result<Engine, EngineError> {
    executable_memory::check().map_err(EngineError::ExecutableMemory)?;
    let slots = settings.slots;
    let engine = Engine::new(&engine_config(pool(settings).into()))
        .map_err(|error| unreserved(slots, error.into_boxed_dyn_error()))?;
    start_clock(&engine).map_err(|error| unreserved(slots, error.into()))?;
    Ok(engine)
}

/// Why there is no engine. If the process's address space is limited below the pool's need, that is the reason.
fn unreserved(slots: u32, source: Box<dyn std::error::Error + Send + Sync>) -> EngineError {
    let needed_bytes = u64::from(slots.saturating_add(LOADING_SLOTS)) * ADDRESSES_PER_SLOT;
    match getrlimit(Resource::As).current {
        Some(limit_bytes) if limit_bytes < needed_bytes => EngineError::AddressSpace {
            limit_bytes,
            needed_bytes,
            source,
        },
        _ => EngineError::Start { slots, source },
    }
}

/// The configuration of a compiler process's engine, which runs nothing. Its code works in the host's engine, since the
/// allocation strategy doesn't affect the code.
pub(super) fn compiler_config() -> Config {
    engine_config(InstanceAllocationStrategy::OnDemand)
}

/// The same for code that runs on any machine with this processor; `None` for this machine.
///
/// # Errors
///
/// The compiler doesn't know this kind of machine.
pub(super) fn compiler_config_for(cpu: Option<TargetCpu>) -> wasmtime::Result<Config> {
    let mut config = compiler_config();
    if let Some(cpu) = cpu {
        cpu.configure(&mut config)?;
    }
    Ok(config)
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
        // Otherwise each slot would keep as much of its stack as the deepest call used.
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
        // This examines 32 regions and drops the rest, so a scattered heap such as Python's gains nothing from it.
        .pagemap_scan(Enabled::No);
    pool
}

/// A size as the type that the pool expects.
fn in_memory(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// How many idle slots keep their memory: enough for the calls that the processors can run at once, since each keeps
/// the memory of a guest.
fn warm_slots() -> u32 {
    processors().saturating_mul(4)
}

/// How many calls may compute at once.
pub(super) fn permits() -> u32 {
    processors()
}

/// The number of threads of the host: one for each call that computes, and as many others, which never run a call, so
/// that sockets and timers are served in time.
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

    /// A component whose `dive` calls itself `n` times: each call takes about 100 bytes of the stack.
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
    async fn a_deep_call_stack_traps_and_its_memory_is_returned() {
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
