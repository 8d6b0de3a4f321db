//! The keys of a running host that come from a file, `--api-key-file` or `--admin-key-file`, and how the host follows
//! changes of that file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::api_keys::keys_of;
use crate::access_check::AccessKeys;
use crate::config::{KeyLine, Secret};
use crate::followed_file::{FollowTexts, FollowedFile};
use crate::lock::Mutex;

/// How often the file is looked at, at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// The keys that requests of clients must send.
pub(super) const CLIENT_KEYS: KeyTexts = KeyTexts {
    follow: FollowTexts {
        unusable: "the keys of clients can't be read again (--api-key-file), so the previous ones stay valid",
        silent: "the file of the keys of clients doesn't respond (--api-key-file), so the previous ones stay valid",
        usable: "the keys of clients can be read again (--api-key-file)",
    },
    changed: "the keys of clients have changed (--api-key-file)",
};

/// The keys of the admin listener.
pub(super) const ADMIN_KEYS: KeyTexts = KeyTexts {
    follow: FollowTexts {
        unusable: "the keys of the admin listener can't be read again (--admin-key-file), so the previous ones stay valid",
        silent: "the file of the keys of the admin listener doesn't respond (--admin-key-file), so the previous ones stay \
                 valid",
        usable: "the keys of the admin listener can be read again (--admin-key-file)",
    },
    changed: "the keys of the admin listener have changed (--admin-key-file)",
};

/// What the log says about keys of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyTexts {
    follow: FollowTexts,
    changed: &'static str,
}

/// The file of a running host's keys, if they come from one. Clones are the same file.
#[derive(Clone)]
pub(super) struct FollowedKeys {
    texts: KeyTexts,
    /// Lets these keys count from now on. Returns whether they are others than before.
    replace: Arc<dyn Fn(&AccessKeys) -> bool + Send + Sync>,
    file: Arc<Mutex<Option<Arc<FollowedFile<AccessKeys>>>>>,
}

impl FollowedKeys {
    /// Without a file. `replace` lets the keys of a changed file count, and returns whether they are others than before.
    pub(super) fn new(
        texts: KeyTexts,
        replace: impl Fn(&AccessKeys) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            texts,
            replace: Arc::new(replace),
            file: Arc::default(),
        }
    }

    /// The keys come from the file at `path` from now on, and have just been read from it; `None` if they come from
    /// elsewhere.
    pub(super) fn set_path(&self, path: Option<PathBuf>, keys: &[Secret]) {
        let file = path.map(|path| {
            let keys = AccessKeys::new(keys);
            let of = path.clone();
            let read = FollowedFile::new([path], self.texts.follow, keys, move |files| {
                let lines = KeyLine::read_all(&of, files);
                Ok(AccessKeys::new(&keys_of(&of, lines)?))
            });
            Arc::new(read)
        });
        *self.file.lock() = file;
    }

    /// Reads the file again whenever it has changed. Looks at it at least this often; never ends.
    pub(super) async fn follow(self, interval: Duration) {
        let interval = interval.min(INTERVAL);
        loop {
            let pause = self.file().map_or(interval, |file| file.pause(interval));
            tokio::time::sleep(pause).await;
            let Some(file) = self.file() else { continue };
            file.look().await;
            // Another file may have been named meanwhile. Its keys count, even if older ones were in use a moment ago.
            let Some(keys) = self.file().map(|file| file.current()) else {
                continue;
            };
            if (self.replace)(&keys) {
                tracing::info!(keys = keys.len(), "{}", self.texts.changed);
            }
        }
    }

    fn file(&self) -> Option<Arc<FollowedFile<AccessKeys>>> {
        self.file.lock().clone()
    }
}
