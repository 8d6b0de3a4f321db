//! Recognizes that a tool failed because a disk is full, which each tool says in other words, and some don't say at all.

use std::path::{Path, PathBuf};

use super::error::BuildError;

/// What tools and the system say if a disk or a quota is full, in lower case.
const SIGNS: [&str; 7] = [
    "no space left on device",
    "nospaceleft",
    "enospc",
    "disk quota exceeded",
    "edquot",
    "(os error 28)",
    "(os error 122)",
];

/// A disk with less free space may be the one that a tool names no path of. Tools remove their files when they fail, so
/// that there is some space again.
const NEARLY_FULL_BYTES: u64 = 64 << 20;

/// A disk with less free space is the cause even if the tool doesn't say so.
const FULL_BYTES: u64 = 1 << 20;

/// The error of a tool that failed because a disk is full; `None` if nothing points to that. `cause` is the cause that was
/// recognized in its `output`, if any. `folder` is where it ran.
pub(super) fn full_disk(
    command: &str,
    (output, cause): (&str, Option<&str>),
    folder: &Path,
) -> Option<BuildError> {
    let fullest = fullest(&written_folders(folder), &free_bytes);
    let place = place_of(output, cause, fullest)?;
    Some(BuildError::DiskFull {
        command: command.to_owned(),
        place: place.map_or_else(
            || {
                "a disk that it writes to (of the connector's folder, of TMPDIR, or of the caches in HOME)"
                    .to_owned()
            },
            |folder| format!("the disk of {}", folder.display()),
        ),
    })
}

/// The folder whose disk is full, if it is known; `None` if no disk is.
fn place_of(
    output: &str,
    cause: Option<&str>,
    fullest: Option<(PathBuf, u64)>,
) -> Option<Option<PathBuf>> {
    let is_below = |bytes: u64| fullest.as_ref().is_some_and(|(_, free)| *free < bytes);
    let (is_full, is_nearly_full) = (is_below(FULL_BYTES), is_below(NEARLY_FULL_BYTES));
    let is_cause = match cause {
        // An author's own line may have the words.
        Some(cause) => has_sign(cause) || (is_nearly_full && has_sign(output)),
        None => has_sign(output) || is_full,
    };
    let place = fullest.filter(|_| is_nearly_full);
    is_cause.then(|| place.map(|(folder, _)| folder))
}

fn has_sign(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// Where tools write: the connector's folder, temporary files, and caches.
fn written_folders(folder: &Path) -> Vec<PathBuf> {
    let named = ["CARGO_TARGET_DIR", "CARGO_HOME", "XDG_CACHE_HOME", "HOME"]
        .into_iter()
        .filter_map(std::env::var_os)
        .map(PathBuf::from);
    [folder.to_owned(), std::env::temp_dir()]
        .into_iter()
        .chain(named)
        .collect()
}

/// The folder with the least free space, and how much that is. The first one of several on one disk.
fn fullest(folders: &[PathBuf], free: &dyn Fn(&Path) -> Option<u64>) -> Option<(PathBuf, u64)> {
    let sizes = folders
        .iter()
        .filter_map(|folder| Some((folder.clone(), free(folder)?)));
    sizes.min_by_key(|(_, free)| *free)
}

/// The bytes that this user may still write on a folder's disk; `None` if the system doesn't say.
fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    // Some file systems have no size.
    (disk.f_blocks > 0).then(|| disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOMY: u64 = 1 << 40;

    fn place(output: &str, cause: Option<&str>, free: u64) -> Option<Option<PathBuf>> {
        place_of(output, cause, Some((PathBuf::from("/home/me/shop"), free)))
    }

    #[test]
    fn each_tools_words_for_a_full_disk_are_recognized() {
        for output in [
            "LLVM ERROR: IO failure on output stream: No space left on device",
            "error: unable to build compiler_rt: NoSpaceLeft",
            "error: failed to write /t/deps/x.rmeta: No space left on device (os error 28)",
            "npm error code ENOSPC\nnpm error syscall write",
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "OSError: [Errno 122] Disk quota exceeded",
            "error: could not write file: (os error 28)",
        ] {
            assert_eq!(place(output, None, ROOMY), Some(None), "{output}");
            assert_eq!(place("", Some(output), ROOMY), Some(None), "{output}");
            let known = Some(Some(PathBuf::from("/home/me/shop")));
            assert_eq!(place(output, None, 0), known, "{output}");
            assert_eq!(place(output, None, NEARLY_FULL_BYTES / 2), known);
        }
    }

    #[test]
    fn tool_that_says_nothing_failed_for_lack_of_space_only_if_there_is_none() {
        assert_eq!(place("", None, ROOMY), None);
        assert_eq!(place("", None, NEARLY_FULL_BYTES / 2), None);
        let known = Some(Some(PathBuf::from("/home/me/shop")));
        assert_eq!(place("", None, 4096), known);
        assert_eq!(place_of("", None, None), None);
    }

    #[test]
    fn mistake_of_the_author_is_the_cause_whatever_its_lines_contain() {
        let output = "shop.c:3:1: error: expected ';'\n   3 | \"ENOSPC\"";
        let cause = Some("shop.c:3: expected ';'");
        assert_eq!(place(output, cause, ROOMY), None);
        assert_eq!(place("", cause, 0), None);
        let script = "the build script of zstd-sys failed: if the crate contains C code, use one in pure Rust instead";
        let output = "cc: error: No space left on device";
        assert!(place(output, Some(script), 0).is_some());
    }

    #[test]
    fn fullest_disk_is_named_by_the_first_folder_on_it() {
        let folders = ["/a", "/b", "/c", "/none"].map(PathBuf::from);
        let free = |folder: &Path| match folder.to_str() {
            Some("/a") => Some(10),
            Some("/b" | "/c") => Some(5),
            _ => None,
        };
        assert_eq!(fullest(&folders, &free), Some((PathBuf::from("/b"), 5)));
        assert_eq!(fullest(&[], &free), None);
        assert!(free_bytes(Path::new("/")).is_some());
    }
}
