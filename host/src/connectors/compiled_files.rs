//! The compiled files of components, which `weld-host compile` has written.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{FILE_TIME, FileThreads, NotedFiles};
use crate::sandbox::{CompiledFault, CompiledFile, CompiledSource};

/// Where compiled files are, and whether the host may do without them.
#[derive(Debug, Clone)]
pub struct CompiledFiles {
    /// Their folder; `None` if each is next to its component.
    pub folder: Option<PathBuf>,
    /// Whether a component without a usable one fails to load, instead of being compiled.
    pub are_required: bool,
}

impl CompiledFiles {
    /// The path of the compiled file of the component at this path.
    #[must_use]
    pub fn path(&self, component: &Path) -> PathBuf {
        let beside = component.with_extension("cwasm");
        match &self.folder {
            Some(folder) => folder.join(beside.file_name().unwrap_or(OsStr::new(""))),
            None => beside,
        }
    }

    /// The compiled file of the component at this path, read on these threads.
    pub(super) fn source(&self, component: &Path, threads: &FileThreads) -> CompiledSource {
        let path = self.path(component);
        let (threads, file) = (threads.clone(), path.clone());
        CompiledSource {
            path,
            open: Arc::new(move |kept| {
                let (threads, file) = (threads.clone(), file.clone());
                Box::pin(async move {
                    let path = file.clone();
                    let open = move |_: &NotedFiles| match &kept {
                        Some(kept) => CompiledFile::reopen(kept),
                        None => CompiledFile::open(&path),
                    };
                    let opened = threads.run(&file, FILE_TIME, open).await;
                    opened.map_err(CompiledFault::from).flatten()
                })
            }),
            is_required: self.are_required,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiled_file_has_the_name_of_its_component() {
        for (folder, component, expected) in [
            (None, "plugins/shop.wasm", "plugins/shop.cwasm"),
            (None, "shop.v2.wasm", "shop.v2.cwasm"),
            (Some("code"), "plugins/shop.wasm", "code/shop.cwasm"),
        ] {
            let files = CompiledFiles {
                folder: folder.map(PathBuf::from),
                are_required: false,
            };
            assert_eq!(files.path(Path::new(component)), Path::new(expected));
        }
    }
}
