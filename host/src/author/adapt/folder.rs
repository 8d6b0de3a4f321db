//! The folder of the adapted function.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::AdaptError;
use super::findings::FunctionFindings;
use super::request::AdaptRequest;
use super::source::FunctionSource;
use super::{files, settings};
use crate::author::new::{filled, named, write};
use crate::config::ConnectorName;

/// The folder of the function's own files, within the new folder.
pub(super) const FUNCTION: &str = "function";

const MARK_TEXT: &str =
    "Made by `weld-host adapt`, which replaces the folder function/ when it runs again.\n";

/// The start of the line in the marker file that has the function's folder.
const MADE_FROM: &str = "Made from: ";

/// The folder of an adapted function: the function's files in `function`, next to everything that serves them.
#[derive(Debug)]
pub(super) struct AdaptedFolder {
    /// The absolute path.
    pub(super) path: PathBuf,
    pub(super) name: ConnectorName,
    /// Whether this run created it.
    is_new: bool,
}

impl AdaptedFolder {
    /// Creates the folder with a copy of the function's files. If an earlier run created it, the copy is replaced.
    ///
    /// # Errors
    ///
    /// [`AdaptError`]: the name is not valid, the function's files can't be copied, or the path is taken.
    pub(super) fn make(
        request: &AdaptRequest,
        source: &FunctionSource,
    ) -> Result<Self, AdaptError> {
        let (path, name) = place(request, source)?;
        let files = files::list(&source.folder, &source.file)?;
        let failed = |source| AdaptError::File {
            path: path.clone(),
            source,
        };
        let is_new = !path.exists();
        let function = path.join(FUNCTION);
        if is_new {
            fs::create_dir_all(&path).map_err(failed)?;
        } else if let Ok(mark) = fs::read_to_string(path.join(files::MARK)) {
            if let Some(other) = other_function(&mark, &source.folder) {
                return Err(AdaptError::OtherFunction {
                    output: path,
                    function: other,
                });
            }
            if function.exists() {
                fs::remove_dir_all(&function).map_err(failed)?;
            }
        } else {
            return Err(AdaptError::Exists(path));
        }
        let folder = Self {
            path: path.canonicalize().map_err(failed)?,
            name,
            is_new,
        };
        let copied =
            files::copy(&source.folder, &files, &folder.path.join(FUNCTION)).and_then(|()| {
                let mark = format!("{MARK_TEXT}{MADE_FROM}{}\n", source.folder.display());
                folder.write_file(files::MARK, mark.as_bytes())
            });
        match copied {
            Ok(()) => Ok(folder),
            Err(error) => {
                folder.discard();
                Err(error)
            }
        }
    }

    /// Writes files of this program, such as the shim; replaces earlier ones.
    ///
    /// # Errors
    ///
    /// [`AdaptError::File`].
    pub(super) fn write(&self, files: &[(&str, &[u8])]) -> Result<(), AdaptError> {
        for (path, contents) in files {
            let path = named(path, &self.name);
            let contents = filled(Path::new(&path), contents, &self.name);
            self.write_file(&path, &contents)?;
        }
        Ok(())
    }

    /// Writes a file; replaces an earlier one.
    ///
    /// # Errors
    ///
    /// [`AdaptError::File`].
    pub(super) fn write_file(&self, path: &str, contents: &[u8]) -> Result<(), AdaptError> {
        let path = self.path.join(path);
        let written = match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => write(&path, contents),
        };
        written.map_err(|source| AdaptError::File { path, source })
    }

    /// Writes `NAME.toml`, unless it exists. Returns the text of an existing one.
    ///
    /// # Errors
    ///
    /// [`AdaptError::File`].
    pub(super) fn write_settings(
        &self,
        findings: &FunctionFindings,
    ) -> Result<Option<String>, AdaptError> {
        let file = self.name.config_file();
        let path = self.path.join(&file);
        match fs::read_to_string(&path) {
            Ok(kept) => return Ok(Some(kept)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(AdaptError::File { path, source }),
        }
        let text = settings::text(self.name.as_str(), findings);
        self.write_file(&file, text.as_bytes())?;
        Ok(None)
    }

    /// Keeps the folder and returns its path and the connector's name.
    pub(super) fn keep(self) -> (PathBuf, ConnectorName) {
        (self.path, self.name)
    }

    /// Removes the folder, if this run created it.
    pub(super) fn discard(self) {
        if self.is_new {
            // Only the error that led here is reported.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// The function's folder in a marker file, if it differs from `folder` and still exists.
fn other_function(mark: &str, folder: &Path) -> Option<PathBuf> {
    let named = mark.lines().find_map(|line| line.strip_prefix(MADE_FROM))?;
    let other = PathBuf::from(named);
    (other != folder && other.exists()).then_some(other)
}

/// The folder to create, and its name, which is the connector's.
fn place(
    request: &AdaptRequest,
    source: &FunctionSource,
) -> Result<(PathBuf, ConnectorName), AdaptError> {
    let parsed = |name: &str| {
        name.parse::<ConnectorName>()
            .map_err(|error| AdaptError::Name {
                name: name.to_owned(),
                source: error,
            })
    };
    let Some(folder) = &request.output else {
        let name = match &request.name {
            Some(name) => name.clone(),
            None => parsed(&plain(&folder_name(&source.folder)))?,
        };
        let path = PathBuf::from(name.as_str());
        // A folder there would be deployed with the function, which would be a surprise. With `-o`, the user chose the
        // place.
        if absolute(&path)?.starts_with(&source.folder) {
            return Err(AdaptError::WithinSource {
                output: path,
                folder: request.path.clone(),
                name: name.as_str().to_owned(),
            });
        }
        return Ok((path, name));
    };
    let absolute = absolute(folder)?;
    let name = parsed(&folder_name(&absolute))?;
    match &request.name {
        Some(other) if *other != name => Err(AdaptError::TwoNames {
            folder: folder.clone(),
            name: other.as_str().to_owned(),
        }),
        _ => Ok((absolute, name)),
    }
}

fn absolute(path: &Path) -> Result<PathBuf, AdaptError> {
    std::path::absolute(path).map_err(|source| AdaptError::File {
        path: path.to_owned(),
        source,
    })
}

fn folder_name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A folder's name as a connector's name: `My Shop (old)` becomes `my-shop-old`.
fn plain(name: &str) -> String {
    let words: Vec<_> = name
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '.')
        .filter(|word| !word.is_empty())
        .collect();
    words.join("-").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn request(path: &Path, output: &Path) -> AdaptRequest {
        AdaptRequest {
            path: path.to_owned(),
            name: None,
            entry: None,
            key_variable: None,
            stand_ins: Vec::new(),
            output: Some(output.to_owned()),
        }
    }

    fn made(request: &AdaptRequest) -> Result<AdaptedFolder, AdaptError> {
        AdaptedFolder::make(request, &FunctionSource::find(&request.path)?)
    }

    #[test]
    fn files_are_copied_and_settings_are_never_overwritten() {
        let desk = tempfile::TempDir::new().unwrap();
        let (from, to) = (desk.path().join("code"), desk.path().join("shop"));
        fs::create_dir(&from).unwrap();
        fs::write(from.join("main.py"), "one").unwrap();
        let request = request(&from, &to);
        let folder = made(&request).unwrap();
        folder.write(&[("gitignore", b"{{name}}")]).unwrap();
        assert_eq!(fs::read_to_string(to.join(".gitignore")).unwrap(), "shop");
        let findings = FunctionFindings::default();
        assert_eq!(folder.write_settings(&findings).unwrap(), None);
        assert_eq!(
            fs::read_to_string(to.join("function/main.py")).unwrap(),
            "one"
        );
        fs::write(to.join("shop.toml"), "# mine").unwrap();
        fs::write(from.join("main.py"), "two").unwrap();

        let again = made(&request).unwrap();
        let kept = again.write_settings(&findings).unwrap();
        assert_eq!(kept.as_deref(), Some("# mine"));
        again.discard();
        assert_eq!(
            fs::read_to_string(to.join("function/main.py")).unwrap(),
            "two"
        );
        assert_eq!(fs::read_to_string(to.join("shop.toml")).unwrap(), "# mine");
        let mode = fs::metadata(to.join("shop.toml")).unwrap().permissions();
        assert_eq!(mode.mode() & 0o111, 0);
    }

    #[test]
    fn other_folders_are_left_alone_and_new_ones_are_removed_after_a_failure() {
        let desk = tempfile::TempDir::new().unwrap();
        fs::write(desk.path().join("main.py"), "").unwrap();
        let mine = desk.path().join("mine");
        fs::create_dir(&mine).unwrap();
        let error = made(&request(desk.path(), &mine)).unwrap_err();
        assert!(matches!(error, AdaptError::Exists(_)), "{error}");
        let fresh = desk.path().join("fresh");
        made(&request(desk.path(), &fresh)).unwrap().discard();
        assert!(mine.exists() && !fresh.exists());
    }

    #[test]
    fn another_function_does_not_replace_one_that_still_exists() {
        let desk = tempfile::TempDir::new().unwrap();
        let desk = desk.path().canonicalize().unwrap();
        let (one, other) = (desk.join("one/src"), desk.join("other/src"));
        for folder in [&one, &other] {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join("main.py"), "").unwrap();
        }
        let to = desk.join("src");
        made(&request(&one, &to)).unwrap();
        made(&request(&one, &to)).unwrap();
        let error = made(&request(&other, &to)).unwrap_err();
        assert!(matches!(error, AdaptError::OtherFunction { .. }), "{error}");
        assert!(error.to_string().contains("one/src"), "{error}");
        fs::rename(&one, desk.join("moved")).unwrap();
        made(&request(&other, &to)).unwrap();
    }

    #[test]
    fn the_name_is_that_of_the_folder() {
        for (name, expected) in [
            ("shop", "shop"),
            ("My Shop (old)", "my-shop-old"),
            ("weld_stripe", "weld_stripe"),
        ] {
            assert_eq!(plain(name), expected);
        }
        let desk = tempfile::TempDir::new().unwrap();
        fs::write(desk.path().join("main.py"), "").unwrap();
        let mut request = request(desk.path(), &desk.path().join("shop"));
        request.name = Some("beers".parse().unwrap());
        let error = made(&request).unwrap_err();
        assert!(matches!(error, AdaptError::TwoNames { .. }), "{error}");
    }
}
