//! A plugins folder with one connector, whose two files are replaced in one step: they are links into a folder that
//! is itself a link, as Kubernetes mounts them. So a page of two versions is the host's fault, and never caused by a
//! disk that is slow between two renames.

use std::fs;
use std::os::unix::fs::symlink;

use super::NAME;
use crate::lone::Site;

/// The link to the folder of the present version; the host ignores such names.
const CURRENT: &str = ".current";

pub(super) struct Folder {
    pub(super) site: Site,
    put: u32,
}

impl Folder {
    /// # Errors
    ///
    /// An error of the system, as for the other methods.
    pub(super) fn new() -> anyhow::Result<Self> {
        let site = Site::set(&[])?;
        for file in files() {
            symlink(format!("{CURRENT}/{file}"), site.plugins().join(file))?;
        }
        Ok(Self { site, put: 0 })
    }

    /// Replaces the previous version by this one.
    pub(super) fn put(&mut self, component: &[u8], configuration: &str) -> anyhow::Result<()> {
        self.put += 1;
        let folder = |number: u32| self.site.plugins().join(format!(".version-{number}"));
        fs::create_dir(folder(self.put))?;
        for (file, content) in files().iter().zip([component, configuration.as_bytes()]) {
            fs::write(folder(self.put).join(file), content)?;
        }
        let aside = self.site.plugins().join(".next");
        symlink(folder(self.put), &aside)?;
        fs::rename(aside, self.site.plugins().join(CURRENT))?;
        if self.put > 1 {
            fs::remove_dir_all(folder(self.put - 1))?;
        }
        Ok(())
    }
}

fn files() -> [String; 2] {
    ["wasm", "toml"].map(|ending| format!("{NAME}.{ending}"))
}
