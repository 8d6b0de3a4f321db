//! The folders of connectors within another folder, such as the one in which `weld-host new` was run several times.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How many entries of the folder are looked at, and how much of a file.
const MOST_ENTRIES: usize = 1_000;
const READ_BYTES: u64 = 64 << 10;

/// The folders directly in `absolute` that seem to be connectors, sorted, as paths below `shown`.
pub(super) fn within(absolute: &Path, shown: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(absolute).into_iter().flatten().flatten();
    let paths = entries.take(MOST_ENTRIES).map(|entry| entry.path());
    let connectors = paths.filter(|path| path.is_dir() && is_connector(path));
    let shown = shown.strip_prefix(".").unwrap_or(shown);
    let names = connectors.filter_map(|path| path.file_name().map(OsStr::to_owned));
    let mut found: Vec<_> = names.map(|name| shown.join(name)).collect();
    found.sort();
    found
}

/// Whether a folder has the file of a language that names a kit, or the kit for C.
fn is_connector(folder: &Path) -> bool {
    folder.join("weld/weld.h").is_file()
        || ["app.py", "package.json", "Cargo.toml"]
            .iter()
            .any(|file| names_a_kit(&folder.join(file)))
}

fn names_a_kit(file: &Path) -> bool {
    let mut text = Vec::new();
    let read = fs::File::open(file).and_then(|file| file.take(READ_BYTES).read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    read.is_ok() && (text.contains("weld_connector") || text.contains("weld-connector"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connectors_of_all_languages_are_found_and_nothing_else() {
        let folder = tempfile::TempDir::new().unwrap();
        for (path, text) in [
            ("python/app.py", "from weld_connector import Page"),
            (
                "node/package.json",
                r#"{"scripts": {"build": "weld-connector build"}}"#,
            ),
            ("rust/Cargo.toml", "[dependencies]\nweld-connector = \"1\""),
            ("c/weld/weld.h", ""),
            ("other/app.py", "import flask"),
            ("library/Cargo.toml", "[package]"),
            ("deep/python/app.py", "import weld_connector"),
            ("app.py", "import weld_connector"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let expected = ["c", "node", "python", "rust"];
        assert_eq!(
            within(folder.path(), Path::new(".")),
            expected.map(PathBuf::from)
        );
        let below = expected.map(|name| Path::new("work").join(name));
        assert_eq!(within(folder.path(), Path::new("work")), below);
        assert_eq!(
            within(&folder.path().join("nowhere"), Path::new(".")),
            [""; 0].map(PathBuf::from)
        );
    }
}
