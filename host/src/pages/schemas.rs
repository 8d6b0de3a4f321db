//! A cache of recently requested schemas.
//!
//! Weld and the people who set it up request schemas often, and a connector may have to ask its API for one.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::ready::ReadySchema;
use crate::config::ConnectorName;
use crate::lock::Mutex;

/// The last schema of each connector, kept for as long as its configuration says.
#[derive(Default)]
pub(super) struct SchemaCache(Mutex<HashMap<ConnectorName, CachedSchema>>);

struct CachedSchema {
    version: u64,
    until: Instant,
    schema: Arc<ReadySchema>,
}

impl SchemaCache {
    /// The schema of this version of a connector, if it is cached and has not expired.
    pub(super) fn get(&self, name: &ConnectorName, version: u64) -> Option<Arc<ReadySchema>> {
        let kept = self.kept();
        let kept = kept.get(name)?;
        (kept.version == version && Instant::now() < kept.until).then(|| kept.schema.clone())
    }

    /// Keeps a schema for `ttl`.
    pub(super) fn put(
        &self,
        name: &ConnectorName,
        version: u64,
        schema: &Arc<ReadySchema>,
        ttl: Duration,
    ) {
        let now = Instant::now();
        let mut kept = self.kept();
        // Otherwise the schemas of removed connectors would stay forever.
        kept.retain(|_, kept| now < kept.until);
        if let Some(until) = now.checked_add(ttl).filter(|_| !ttl.is_zero()) {
            let schema = schema.clone();
            kept.insert(
                name.clone(),
                CachedSchema {
                    version,
                    until,
                    schema,
                },
            );
        }
    }

    /// Forgets the schema that expires first. Returns its size in bytes; `None` if there is none.
    pub(super) fn forget_one(&self) -> Option<u64> {
        let mut kept = self.kept();
        let (name, _) = kept.iter().min_by_key(|(_, kept)| kept.until)?;
        let name = name.clone();
        let forgotten = kept.remove(&name)?;
        Some(forgotten.schema.0.len() as u64)
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<ConnectorName, CachedSchema>> {
        self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn schema_is_cached_for_its_version_and_its_time() {
        let schemas = SchemaCache::default();
        let name: ConnectorName = "beers".parse().unwrap();
        let schema = Arc::new(ReadySchema("{}".into()));
        let minute = Duration::from_secs(60);
        schemas.put(&name, 1, &schema, minute);
        assert!(schemas.get(&name, 1).is_some());
        assert!(schemas.get(&name, 2).is_none(), "another version");
        tokio::time::advance(minute).await;
        assert!(schemas.get(&name, 1).is_none(), "too old");
        schemas.put(&name, 1, &schema, Duration::ZERO);
        assert!(schemas.get(&name, 1).is_none(), "not to be kept");
        assert!(schemas.kept().is_empty());
    }
}
