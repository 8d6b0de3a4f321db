//! A component's file, read within the memory limit for components.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::component_memory::ComponentMemory;
use crate::config::{
    FILE_TIME, FileFault, FileSystem, FileThreads, NoAnswer, NotedFiles, ReadLimit,
};
use crate::sandbox::ComponentReader;

/// A component's file, with what is needed to read it.
#[derive(Clone)]
pub(super) struct ComponentFile {
    pub(super) path: PathBuf,
    pub(super) threads: FileThreads,
    pub(super) memory: Arc<ComponentMemory>,
    /// The maximum size of a component, `--max-component`.
    pub(super) most_bytes: u64,
}

impl ComponentFile {
    /// Reads the file once there is memory for it. `length` is its size at the last look.
    ///
    /// # Errors
    ///
    /// [`FileFault`]; also if the file has grown since that look.
    pub(super) async fn read(&self, length: u64) -> Result<Bytes, FileFault> {
        let share = self.memory.share(length).await;
        let (path, limit) = (
            self.path.clone(),
            ReadLimit::component(length.min(self.most_bytes)),
        );
        // A thread that is still reading for a load that was ended holds memory too.
        let held = share.clone();
        let read = move |files: &NotedFiles| {
            let component = files.read(&path, limit);
            component.map(|component| held.held(component))
        };
        let read = self.threads.run(&self.path, FILE_TIME, read).await;
        if matches!(read, Err(NoAnswer::GivenUp { .. })) {
            // The thread may never return, and others must not wait for its memory.
            share.give_back();
        }
        match read? {
            Err(FileFault::TooLarge(_)) if length <= self.most_bytes => {
                Err(io::Error::other("it grew while it was being read").into())
            }
            read => read,
        }
    }

    /// Reads the file again, with whatever size it has then.
    pub(super) fn reader(self) -> ComponentReader {
        Arc::new(move || {
            let file = self.clone();
            Box::pin(async move {
                let path = file.path.clone();
                let look = move |files: &NotedFiles| files.stamp(&path).length();
                let length = file.threads.run(&file.path, FILE_TIME, look).await;
                let length = length.map_err(io::Error::other)?;
                file.read(length).await.map_err(io::Error::other)
            })
        })
    }
}
