//! A connector that isn't there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::report;

/// How many connectors of the plugins folder are looked at, and how many are named.
const MOST_CONNECTORS: usize = 1_000;
const NAMED_CONNECTORS: usize = 10;

/// The argument of a command is neither a file nor a folder nor the name of an installed connector.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no connector {}{}; give the folder of its sources, a NAME.wasm, or the name of one in the plugins folder{} \
     (`sync` also takes a connector's URL)",
    path.display(), self.meant(), self.installed()
)]
pub struct UnknownConnector {
    /// The argument.
    pub path: PathBuf,
    /// The plugins folder.
    pub plugins: PathBuf,
    /// The names of the connectors in it, sorted.
    pub known: Vec<String>,
}

impl UnknownConnector {
    /// Reads the names of those that are there.
    pub(super) fn new(path: PathBuf, plugins: &Path) -> Self {
        let files = fs::read_dir(plugins).into_iter().flatten().flatten();
        let names = files.filter_map(|file| {
            let path = file.path();
            let is_component = path.extension().is_some_and(|ending| ending == "wasm");
            is_component.then(|| path.file_stem()?.to_str().map(str::to_owned))?
        });
        let mut known: Vec<_> = names.take(MOST_CONNECTORS).collect();
        known.sort();
        Self {
            path,
            plugins: plugins.to_owned(),
            known,
        }
    }

    fn meant(&self) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        if here.file_name() == Some(self.path.as_os_str()) {
            return " (the current folder has this name: write `.`)".to_owned();
        }
        let name = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let known = self.known.iter().map(String::as_str);
        report::nearest(&name, known).map_or_else(String::new, |nearest| {
            format!(" (did you mean {}?)", report::escaped(nearest))
        })
    }

    fn installed(&self) -> String {
        if self.known.is_empty() {
            return String::new();
        }
        let names = self.known.iter().take(NAMED_CONNECTORS);
        let names: Vec<_> = names.map(|name| report::escaped(name)).collect();
        let more = match self.known.len().saturating_sub(NAMED_CONNECTORS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let plugins = self.plugins.display();
        format!(", {plugins}, which has {}{more}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_the_connectors_that_are_there() {
        let plugins = tempfile::TempDir::new().unwrap();
        let told = |argument: &str| {
            let unknown = UnknownConnector::new(argument.into(), plugins.path());
            let place = plugins.path().display().to_string();
            unknown.to_string().replace(&place, "plugins")
        };
        assert_eq!(
            told("shpo"),
            "there is no connector shpo; give the folder of its sources, a NAME.wasm, or the name of one in the plugins \
             folder (`sync` also takes a connector's URL)"
        );
        for name in ["shop.wasm", "js.wasm", "js.toml"] {
            fs::write(plugins.path().join(name), "").unwrap();
        }
        assert_eq!(
            told("shpo"),
            "there is no connector shpo (did you mean shop?); give the folder of its sources, a NAME.wasm, or the name of \
             one in the plugins folder, plugins, which has js, shop (`sync` also takes a connector's URL)"
        );
        for number in 0..20 {
            fs::write(plugins.path().join(format!("x{number:02}.wasm")), "").unwrap();
        }
        let many = told("beers");
        assert!(
            many.contains("x07 and 12 more") && !many.contains("did you mean"),
            "{many}"
        );
    }
}
