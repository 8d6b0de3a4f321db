//! Paths of files.

use std::path::Path;

/// The folder that this path's last name is in: `.` if there is only the name.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
