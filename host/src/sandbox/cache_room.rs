//! How much the cache may hold: the entries that were not used for the longest time go first.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use crate::lock::Mutex;

/// A file without an entry, such as one of a host that was killed while it wrote, is removed at this age.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 3600);

/// The room that a cache folder has, and the entries in it that this process needs.
///
/// An entry's time of last use is the modification time of its `KEY.sha256`.
#[derive(Debug, Clone)]
pub(super) struct CacheRoom {
    limit_bytes: u64,
    /// Keys of loaded components. They end with their components.
    in_use: Arc<Mutex<Vec<Weak<str>>>>,
}

/// An entry, or the half of one.
#[derive(Default)]
struct CacheEntry {
    bytes: u64,
    /// When it was used last, from its digest. `None` for half an entry.
    last_used: Option<SystemTime>,
    /// When its code, or an unfinished file, was written.
    written: Option<SystemTime>,
    /// Its files, in the order in which to remove them.
    names: Vec<String>,
}

impl CacheEntry {
    /// Whether no host is writing it: it is whole, or has been left for long.
    fn is_finished(&self) -> bool {
        let age = self.written.and_then(|written| written.elapsed().ok());
        self.last_used.is_some() || age.is_some_and(|age| age > FORGOTTEN_AFTER)
    }
}

impl CacheRoom {
    /// Room for `limit_bytes`.
    pub(super) fn new(limit_bytes: u64) -> Self {
        Self {
            limit_bytes,
            in_use: Arc::default(),
        }
    }

    /// Keeps the entry of `key` until the last clone of that `Arc` is dropped, and records that it was used now.
    pub(super) fn record_use(&self, key: &Arc<str>, digest: &File) {
        let mut in_use = self.in_use.lock();
        in_use.retain(|key| key.strong_count() > 0);
        let key = Arc::downgrade(key);
        if !in_use.iter().any(|known| known.ptr_eq(&key)) {
            in_use.push(key);
        }
        // A folder that only root may change still serves; its entries age then.
        let _ = digest.set_modified(SystemTime::now());
    }

    /// Removes entries until the folder is within its limit, or only entries in use are left; returns how many bytes
    /// went.
    ///
    /// # Errors
    ///
    /// The folder can't be listed. A file that can't be removed stays.
    pub(super) fn make(&self, folder: &Path) -> io::Result<u64> {
        let entries = list(folder)?;
        let mut total: u64 = entries.values().map(|entry| entry.bytes).sum();
        if total <= self.limit_bytes {
            return Ok(0);
        }
        let in_use: Vec<_> = self
            .in_use
            .lock()
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        let mut old: Vec<_> = entries
            .into_iter()
            .filter(|(key, entry)| entry.is_finished() && in_use.iter().all(|used| **used != **key))
            .map(|(_, entry)| entry)
            .collect();
        old.sort_by_key(|entry| entry.last_used);
        let mut removed = 0;
        for entry in old {
            if total <= self.limit_bytes {
                break;
            }
            for name in &entry.names {
                let _ = fs::remove_file(folder.join(name));
            }
            total = total.saturating_sub(entry.bytes);
            removed += entry.bytes;
        }
        Ok(removed)
    }
}

/// The entries of a folder by their keys, without files that a cache did not make.
fn list(folder: &Path) -> io::Result<HashMap<String, CacheEntry>> {
    let mut found: HashMap<String, CacheEntry> = HashMap::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        let Ok(name) = file.file_name().into_string() else {
            continue;
        };
        let is_digest = name.ends_with(".sha256");
        let is_content = name.ends_with(".cwasm") || name.ends_with(".functions");
        if !(is_digest || is_content || name.starts_with(".tmp")) {
            continue;
        }
        // Another host may have removed it meanwhile.
        let Ok(metadata) = file.metadata() else {
            continue;
        };
        let key = name.split_once('.').filter(|(key, _)| !key.is_empty());
        let key = key.map_or(name.as_str(), |(key, _)| key).to_owned();
        let entry = found.entry(key).or_default();
        entry.bytes += metadata.len();
        if is_digest {
            entry.last_used = metadata.modified().ok();
            // It goes first: code without its digest is a missing entry.
            entry.names.insert(0, name);
        } else {
            entry.written = metadata.modified().ok();
            entry.names.push(name);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes an entry of 100 bytes that was used so many hours ago.
    fn entry(folder: &Path, key: &str, hours: u64) {
        fs::write(folder.join(format!("{key}.cwasm")), [0; 36]).unwrap();
        let digest = File::create(folder.join(format!("{key}.sha256"))).unwrap();
        digest.set_len(64).unwrap();
        let used = SystemTime::now() - Duration::from_secs(hours * 3600);
        digest.set_modified(used).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn the_entries_unused_for_the_longest_time_go_first() {
        let folder = tempfile::tempdir().unwrap();
        for (key, hours) in [("a", 1), ("b", 3), ("c", 2), ("d", 4)] {
            entry(folder.path(), key, hours);
        }
        assert_eq!(CacheRoom::new(250).make(folder.path()).unwrap(), 200);
        let left = ["a.cwasm", "a.sha256", "c.cwasm", "c.sha256"];
        assert_eq!(names(folder.path()), left);
        assert_eq!(CacheRoom::new(250).make(folder.path()).unwrap(), 0);
    }

    #[test]
    fn an_entry_in_use_stays_until_its_component_goes() {
        let folder = tempfile::tempdir().unwrap();
        entry(folder.path(), "old", 9);
        entry(folder.path(), "new", 1);
        let room = CacheRoom::new(100);
        let key: Arc<str> = "old".into();
        // Its time of use is not what keeps it.
        let other = tempfile::tempfile().unwrap();
        room.record_use(&key, &other);
        room.make(folder.path()).unwrap();
        assert_eq!(names(folder.path()), ["old.cwasm", "old.sha256"]);
        drop(key);
        entry(folder.path(), "new", 1);
        room.make(folder.path()).unwrap();
        assert_eq!(names(folder.path()), ["new.cwasm", "new.sha256"]);
    }

    #[test]
    fn a_use_makes_an_entry_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        entry(folder.path(), "a", 9);
        entry(folder.path(), "b", 1);
        let room = CacheRoom::new(100);
        let digest = File::open(folder.path().join("a.sha256")).unwrap();
        room.record_use(&"a".into(), &digest);
        room.make(folder.path()).unwrap();
        assert_eq!(names(folder.path()), ["a.cwasm", "a.sha256"]);
    }

    #[test]
    fn files_that_no_cache_made_stay_and_half_an_entry_goes_after_a_day() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["notes.txt", ".tmpNew", ".tmpOld", "half.cwasm"] {
            fs::write(folder.path().join(name), [0; 100]).unwrap();
        }
        let old = File::options()
            .write(true)
            .open(folder.path().join(".tmpOld"));
        let two_days_ago = SystemTime::now() - 2 * FORGOTTEN_AFTER;
        old.unwrap().set_modified(two_days_ago).unwrap();
        assert_eq!(CacheRoom::new(0).make(folder.path()).unwrap(), 100);
        assert_eq!(names(folder.path()), [".tmpNew", "half.cwasm", "notes.txt"]);
    }
}
