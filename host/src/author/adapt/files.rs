//! Lists and copies the function's files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::AdaptError;

/// More than any function has. A home folder that is given by mistake is refused before it is copied.
const MAX_FILES: usize = 1000;
const MAX_BYTES: u64 = 64 << 20;

/// Folders that tools generate. Names that begin with a dot are left out too: `.env` and `.git` may contain secrets.
const GENERATED: [&str; 6] = [
    "__pycache__",
    "build",
    "dist",
    "node_modules",
    "plugins",
    "venv",
];
/// The file that marks a folder that this command created.
pub(super) const MARK: &str = ".adapted";
/// Files that mark a folder as a tool's: a virtual environment, and the folder of an adapted function.
const MARKS: [&str; 2] = ["pyvenv.cfg", MARK];

/// The sorted paths within `folder` that belong to the function. Generated folders are left out, except those that
/// contain the `entry`: the platform may load compiled code.
///
/// # Errors
///
/// [`AdaptError`]: there are too many, they are too large, or a link leads out of the folder.
pub(super) fn list(folder: &Path, entry: &Path) -> Result<Vec<PathBuf>, AdaptError> {
    let loaded = folder.join(entry);
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    let mut bytes = 0;
    while let Some(place) = folders.pop() {
        let unreadable = |source| AdaptError::File {
            path: place.clone(),
            source,
        };
        for entry in fs::read_dir(&place).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if is_left_out(&path) && !loaded.starts_with(&path) {
                continue;
            }
            let link = path.is_symlink();
            if link && !is_file_within(&path, folder) {
                return Err(AdaptError::Link {
                    link: path,
                    folder: folder.to_owned(),
                });
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                bytes += fs::metadata(&path).map_err(unreadable)?.len();
                found.push(path);
            }
            if found.len() > MAX_FILES {
                return Err(AdaptError::TooManyFiles {
                    folder: folder.to_owned(),
                    limit: MAX_FILES,
                });
            }
            if bytes > MAX_BYTES {
                return Err(AdaptError::TooLarge {
                    folder: folder.to_owned(),
                    limit_bytes: MAX_BYTES,
                });
            }
        }
    }
    let mut within: Vec<_> = found
        .iter()
        .filter_map(|path| Some(path.strip_prefix(folder).ok()?.to_owned()))
        .collect();
    within.sort();
    Ok(within)
}

/// Copies files in `from` to the same relative paths in `to`.
///
/// # Errors
///
/// [`AdaptError::File`].
pub(super) fn copy(from: &Path, files: &[PathBuf], to: &Path) -> Result<(), AdaptError> {
    for file in files {
        let target = to.join(file);
        let copied = || -> io::Result<()> {
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(from.join(file), &target).map(|_| ())
        };
        copied().map_err(|source| AdaptError::File {
            path: target.clone(),
            source,
        })?;
    }
    Ok(())
}

fn is_left_out(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    name.starts_with('.')
        || (path.is_dir()
            && (GENERATED.contains(&name.as_ref())
                || MARKS.iter().any(|mark| path.join(mark).exists())))
        || ["pyc", "wasm"].contains(&ending.as_ref())
        || ending.starts_with("sqlite")
}

fn is_file_within(link: &Path, folder: &Path) -> bool {
    link.canonicalize()
        .is_ok_and(|target| target.is_file() && target.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::TempDir::new().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, *file).unwrap();
        }
        folder
    }

    /// With the canonical path, as in the program: on some systems the temporary folder is a link.
    fn listed(folder: &tempfile::TempDir) -> Result<Vec<PathBuf>, AdaptError> {
        list(&folder.path().canonicalize().unwrap(), Path::new("main.py"))
    }

    #[test]
    fn own_files_are_taken_but_secrets_and_generated_files_are_not() {
        let own = [
            "data/zones.csv",
            "helpers/api.py",
            "main.py",
            "requirements.txt",
        ];
        let folder = folder_with(&own);
        for file in [
            ".env",
            ".git/config",
            ".venv/x.py",
            "__pycache__/main.pyc",
            "env-3.12/pyvenv.cfg",
            "node_modules/a/index.js",
            "shop/.adapted",
            "shop/function/main.py",
            "shop.sqlite",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = listed(&folder).unwrap();
        assert_eq!(found, own.map(PathBuf::from));
        let to = tempfile::TempDir::new().unwrap();
        copy(folder.path(), &found, to.path()).unwrap();
        for file in own {
            assert_eq!(fs::read_to_string(to.path().join(file)).unwrap(), file);
        }
    }

    #[test]
    fn compiled_folder_is_taken_if_it_contains_the_entry() {
        let folder = folder_with(&[
            "dist/index.js",
            "dist/lib/a.js",
            "build/b.js",
            "src/index.ts",
        ]);
        let within = |entry: &str| {
            let found = list(&folder.path().canonicalize().unwrap(), Path::new(entry)).unwrap();
            found
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            within("dist/index.js"),
            ["dist/index.js", "dist/lib/a.js", "src/index.ts"]
        );
        assert_eq!(within("index.js"), ["src/index.ts"]);
    }

    #[test]
    fn links_are_followed_to_files_of_the_function_only() {
        let other = folder_with(&["secret"]);
        for (target, is_taken) in [("main.py", true), ("data", false), ("/etc/hostname", false)] {
            let folder = folder_with(&["main.py", "data/a"]);
            symlink(target, folder.path().join("link")).unwrap();
            assert_eq!(listed(&folder).is_ok(), is_taken, "{target}");
        }
        let folder = folder_with(&["main.py"]);
        symlink(other.path().join("secret"), folder.path().join("key")).unwrap();
        let error = listed(&folder).unwrap_err().to_string();
        assert!(error.contains("key is a link to a"), "{error}");
    }

    #[test]
    fn a_folder_with_too_many_or_too_large_files_is_refused() {
        let folder = folder_with(&["main.py"]);
        for number in 1..MAX_FILES {
            fs::write(folder.path().join(format!("{number}")), "").unwrap();
        }
        assert_eq!(listed(&folder).unwrap().len(), MAX_FILES);
        fs::write(folder.path().join("one more"), "").unwrap();
        let error = listed(&folder).unwrap_err().to_string();
        assert!(error.contains("more than 1000 files"), "{error}");

        let folder = folder_with(&["main.py"]);
        let large = fs::File::create(folder.path().join("large")).unwrap();
        large.set_len(MAX_BYTES).unwrap();
        let error = listed(&folder).unwrap_err().to_string();
        assert!(error.contains("more than 64 MiB"), "{error}");
    }
}
