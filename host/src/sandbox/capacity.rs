//! How many sandboxes this machine can hold at once.

use std::fmt;

use super::engine::{ADDRESSES_PER_SLOT, LOADING_SLOTS};
use super::machine::Machine;

/// Memory mappings of one slot with a live sandbox: two of its stack, which always exist, and up to four for each
/// memory. Measured: 6 for a connector in Rust.
const MAPS_PER_SLOT: u64 = 6;

/// Memory mappings for everything else: the program, its threads and heaps, and the code of each connector.
const OTHER_MAPS: u64 = 5_000;

/// The size of a process's address space on a 64-bit machine, if nothing limits it further.
const ALL_ADDRESSES: u64 = 1 << 47;

/// The memory of the smallest connector, in bytes.
const MEMORY_PER_SLOT: u64 = 1 << 20;

/// The memory for sandboxes if the machine's memory is unknown.
const UNKNOWN_MEMORY: u64 = 1 << 30;

/// How many sandboxes there may be at once, and what limits their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// At least 1.
    pub slots: u32,
    /// What limits the number.
    pub bound: Bound,
}

/// What limits the number of sandboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The operator's `--slots`.
    Flag,
    /// `vm.max_map_count`, with its value.
    MemoryMaps(u64),
    /// The number of files that the process may open.
    OpenFiles(u64),
    /// The size of the address space that the process may reserve, in bytes.
    AddressSpace(u64),
    /// `--total-memory`, in bytes.
    TotalMemory(u64),
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => write!(formatter, "--slots"),
            Self::MemoryMaps(maps) => write!(formatter, "vm.max_map_count = {maps}"),
            Self::OpenFiles(files) => write!(formatter, "the limit of {files} open files"),
            Self::AddressSpace(bytes) => {
                write!(formatter, "{} GiB of address space", bytes >> 30)?;
                if *bytes < ALL_ADDRESSES {
                    write!(formatter, " (`ulimit -v`, LimitAS=)")?;
                }
                Ok(())
            }
            Self::TotalMemory(bytes) => {
                write!(formatter, "--total-memory of {} MiB", bytes >> 20)
            }
        }
    }
}

impl Machine {
    /// The default limit on the memory of all sandboxes: half of the machine's.
    #[must_use]
    pub fn default_total_memory_bytes(&self) -> u64 {
        self.memory_bytes.map_or(UNKNOWN_MEMORY, |bytes| bytes / 2)
    }

    /// How many connections clients may have at once. A quarter of the files is reserved for connections to APIs.
    #[must_use]
    pub fn max_connections(&self) -> usize {
        let files = self.open_files.unwrap_or(u64::MAX);
        usize::try_from(files - files / 4)
            .unwrap_or(usize::MAX)
            .max(1)
    }

    /// How many sandboxes the machine can hold, but at most `requested`.
    #[must_use]
    pub fn capacity(&self, requested: Option<u32>, total_memory_bytes: u64) -> Capacity {
        let addresses = self
            .address_space_bytes
            .unwrap_or(ALL_ADDRESSES)
            .min(ALL_ADDRESSES);
        let loading = u64::from(LOADING_SLOTS);
        let bounds = [
            requested.map(|slots| (u64::from(slots), Bound::Flag)),
            self.memory_maps.map(|maps| {
                let slots = maps.saturating_sub(OTHER_MAPS.min(maps / 2)) / MAPS_PER_SLOT;
                (slots.saturating_sub(loading), Bound::MemoryMaps(maps))
            }),
            self.open_files.map(|files| {
                // Each call has a client that waits for it.
                (self.max_connections() as u64, Bound::OpenFiles(files))
            }),
            Some((
                ((addresses - addresses / 8) / ADDRESSES_PER_SLOT).saturating_sub(loading),
                Bound::AddressSpace(addresses),
            )),
            Some((
                total_memory_bytes / MEMORY_PER_SLOT,
                Bound::TotalMemory(total_memory_bytes),
            )),
        ];
        // The first of equal bounds wins, so an operator who asked for the possible number gets no warning.
        let (slots, bound) = bounds
            .into_iter()
            .flatten()
            .min_by_key(|(slots, _)| *slots)
            .unwrap_or((1, Bound::Flag));
        Capacity {
            slots: u32::try_from(slots).unwrap_or(u32::MAX).max(1),
            bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A common machine: 24 GiB, and the system's default limits.
    const COMMON: Machine = Machine {
        memory_maps: Some(65_530),
        open_files: Some(1 << 20),
        address_space_bytes: None,
        memory_bytes: Some(24 << 30),
    };

    #[test]
    fn the_lowest_bound_wins() {
        let gib = 1 << 30;
        let cases = [
            (COMMON, None, 12 * gib, 10_084, Bound::MemoryMaps(65_530)),
            (COMMON, Some(64), 12 * gib, 64, Bound::Flag),
            (COMMON, Some(10_084), 12 * gib, 10_084, Bound::Flag),
            (
                COMMON,
                Some(20_000),
                12 * gib,
                10_084,
                Bound::MemoryMaps(65_530),
            ),
            (COMMON, None, gib / 2, 512, Bound::TotalMemory(gib / 2)),
            (
                Machine {
                    open_files: Some(1024),
                    ..COMMON
                },
                None,
                12 * gib,
                768,
                Bound::OpenFiles(1024),
            ),
            (
                Machine {
                    memory_maps: Some(1 << 20),
                    ..COMMON
                },
                None,
                64 * gib,
                14_202,
                Bound::AddressSpace(1 << 47),
            ),
            (
                Machine {
                    address_space_bytes: Some(100 * gib),
                    ..COMMON
                },
                Some(64),
                12 * gib,
                6,
                Bound::AddressSpace(100 * gib),
            ),
        ];
        for (machine, requested, total_memory_bytes, slots, bound) in cases {
            assert_eq!(
                machine.capacity(requested, total_memory_bytes),
                Capacity { slots, bound },
                "{machine:?} {requested:?}"
            );
        }
    }

    #[test]
    fn there_is_always_at_least_one_slot() {
        let none = Machine {
            memory_maps: Some(0),
            open_files: Some(0),
            address_space_bytes: Some(0),
            memory_bytes: Some(0),
        };
        assert_eq!(none.capacity(None, 0).slots, 1);
        assert_eq!(none.max_connections(), 1);
        assert!(Machine::default().capacity(None, 1 << 40).slots > 1_000);
    }
}
