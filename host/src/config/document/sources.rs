//! Values from variables and files: `{ env = "VAR" }` and `{ file = "PATH" }`.

use std::env::VarError;
use std::path::{Path, PathBuf};

use super::entry::TomlEntry;
use super::source::ValueSource;
use crate::config::error::Problem;
use crate::config::policy::Policy;
use crate::config::reading::{FileFault, FileSystem, ReadLimit};

/// Looks up an environment variable by name, as [`std::env::var`] does.
pub(in crate::config) type Variable<'s> = dyn Fn(&str) -> Result<String, VarError> + 's;

/// Resolves values that a file only refers to.
pub(in crate::config) struct ValueSources<'s> {
    folder: &'s Path,
    variable: &'s Variable<'s>,
    reader: &'s dyn FileSystem,
    /// What the connector of this name may refer to.
    bound: Option<(&'s Policy, &'s str)>,
}

/// Why a source has no usable value.
enum SourceFault {
    /// It is missing or unusable on this machine.
    Machine(String),
    /// The operator's policy doesn't permit it.
    Policy(String),
}

impl SourceFault {
    fn at(self, entry: &TomlEntry<'_>) -> Problem {
        match self {
            // Another machine may not have this problem.
            Self::Machine(message) => Problem {
                concerns_machine: true,
                ..entry.problem(message)
            },
            Self::Policy(message) => Problem {
                is_beyond_policy: true,
                ..entry.problem(message)
            },
        }
    }
}

impl From<String> for SourceFault {
    fn from(message: String) -> Self {
        Self::Machine(message)
    }
}

impl<'s> ValueSources<'s> {
    /// The sources for the configuration file `path`: relative paths start at its folder.
    pub(in crate::config) fn new(
        path: &'s Path,
        variable: &'s Variable<'s>,
        reader: &'s dyn FileSystem,
    ) -> Self {
        Self {
            folder: path.parent().unwrap_or(Path::new("")),
            variable,
            reader,
            bound: None,
        }
    }

    /// The same, as far as `policy` lets the connector of this name refer to them.
    pub(in crate::config) fn within(self, policy: &'s Policy, connector: &'s str) -> Self {
        Self {
            bound: Some((policy, connector)),
            ..self
        }
    }

    /// The text of an entry: a string, or the value of an environment variable or the content of a file, both without
    /// their last line break. `expected` describes the entry for the error message, such as `a size such as "64MiB"`.
    ///
    /// # Errors
    ///
    /// The entry is not a string or a source, or its source is missing, empty or not UTF-8.
    pub(in crate::config) fn text(
        &self,
        entry: &TomlEntry<'_>,
        expected: &str,
    ) -> Result<String, Problem> {
        self.value(entry, &ValueSource::of(entry, expected)?)
    }

    /// Like [`Self::text`], and whether the text is a secret: it is if it comes from a variable or file, unless the
    /// entry says `secret = false` next to its source.
    ///
    /// # Errors
    ///
    /// As [`Self::text`]; or `secret` is not a boolean.
    pub(in crate::config) fn text_and_secrecy(
        &self,
        entry: &TomlEntry<'_>,
        expected: &str,
    ) -> Result<(String, bool), Problem> {
        let (source, is_secret) = ValueSource::with_secrecy(entry, expected)?;
        Ok((self.value(entry, &source)?, is_secret))
    }

    fn value(&self, entry: &TomlEntry<'_>, source: &ValueSource<'_>) -> Result<String, Problem> {
        match source {
            ValueSource::Text(text) => Ok((*text).to_owned()),
            ValueSource::Variable(name) => self.variable(name),
            ValueSource::File(path) => self.file(path),
        }
        .map_err(|fault| fault.at(entry))
    }

    /// The content of the file that an entry names. `{ file = "PATH" }` is the same as the path alone; a variable
    /// contains the path.
    ///
    /// # Errors
    ///
    /// The entry is not a path, its variable is missing, or its file cannot be read.
    pub(in crate::config) fn content(&self, entry: &TomlEntry<'_>) -> Result<Vec<u8>, Problem> {
        let source = ValueSource::of(entry, "the path of a file")?;
        if let ValueSource::Text(text) = source
            && text.contains("-----BEGIN")
        {
            // The message of a missing file would show the key that was pasted in place of a path.
            return Err(entry.problem("write the path of a file, not its content"));
        }
        match source {
            ValueSource::Text(path) | ValueSource::File(path) => self.read(path, ReadLimit::PEM),
            ValueSource::Variable(name) => self.variable(name).and_then(|path| {
                self.bytes(&path, ReadLimit::PEM, &|| {
                    format!("the file named by the environment variable {name:?}")
                })
            }),
        }
        .map_err(|fault| fault.at(entry))
    }

    /// The path of a file that the configuration names: relative ones start at its folder.
    pub(in crate::config) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    fn variable(&self, name: &str) -> Result<String, SourceFault> {
        if let Some((policy, connector)) = self.bound {
            policy.permits_variable(connector, name).map_err(|place| {
                SourceFault::Policy(format!(
                    "the operator's policy, {place}, doesn't let `{connector}` use the environment variable {name:?}"
                ))
            })?;
        }
        match (self.variable)(name) {
            Ok(value) => match without_line_break(&value) {
                "" => Err(format!("the environment variable {name:?} is empty").into()),
                line => Ok(line.to_owned()),
            },
            Err(VarError::NotPresent) => {
                Err(format!("the environment variable {name:?} is not set").into())
            }
            Err(VarError::NotUnicode(_)) => {
                Err(format!("the environment variable {name:?} is not valid UTF-8").into())
            }
        }
    }

    fn file(&self, path: &str) -> Result<String, SourceFault> {
        let text = String::from_utf8(self.read(path, ReadLimit::VALUE)?)
            .map_err(|_| format!("the file {path:?} is not valid UTF-8"))?;
        let value = without_line_break(&text);
        if value.is_empty() {
            Err(format!("the file {path:?} is empty").into())
        } else {
            Ok(value.to_owned())
        }
    }

    fn read(&self, path: &str, limit: ReadLimit) -> Result<Vec<u8>, SourceFault> {
        self.bytes(path, limit, &|| format!("the file {path:?}"))
    }

    /// The content of a file, which `name` names for a message.
    fn bytes(
        &self,
        path: &str,
        limit: ReadLimit,
        name: &dyn Fn() -> String,
    ) -> Result<Vec<u8>, SourceFault> {
        let path = self.path(path);
        let Some((policy, connector)) = self.bound.filter(|(policy, _)| policy.bounds_files())
        else {
            let read = self.reader.read(&path, limit);
            return read.map_err(|fault| format!("{} cannot be read: {fault}", name()).into());
        };
        let permits = |real: &Path| policy.permits_file(connector, real).is_ok();
        match self.reader.read_if(&path, limit, Some(&permits)) {
            Ok(content) => Ok(content),
            Err(FileFault::NotPermitted(real)) => {
                let place = policy.permits_file(connector, &real).err();
                let place = place.map_or_else(String::new, |place| format!(", {place},"));
                let link = if real == path {
                    String::new()
                } else {
                    format!(" (it is {})", real.display())
                };
                Err(SourceFault::Policy(format!(
                    "the operator's policy{place} doesn't let `{connector}` use {}{link}",
                    name()
                )))
            }
            Err(fault) => Err(format!("{} cannot be read: {fault}", name()).into()),
        }
    }
}

/// The value without its last line break, which `echo`, editors and secret stores add.
fn without_line_break(value: &str) -> &str {
    value
        .strip_suffix('\n')
        .map_or(value, |line| line.strip_suffix('\r').unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::Document;
    use super::*;
    use crate::config::reading::SystemFiles;

    fn variable(name: &str) -> Result<String, VarError> {
        match name {
            "KEY" => Ok("hunter2\n".into()),
            "WINDOWS" => Ok("hunter2\r\n".into()),
            "LINES" => Ok(" a b\n\nc \n\n".into()),
            "EMPTY" => Ok(String::new()),
            "BREAK" => Ok("\n".into()),
            "BINARY" => Err(VarError::NotUnicode("hunter2".into())),
            _ => Err(VarError::NotPresent),
        }
    }

    fn read(folder: &Path, value: &str) -> Result<String, String> {
        let text = format!("\nkey = {value}");
        let document = Document::parse(&text).expect(value);
        let entry = document.root().get("key").expect("key");
        let path = folder.join("beers.toml");
        ValueSources::new(&path, &variable, &SystemFiles)
            .text(&entry, "a string")
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_value_is_text_variable_or_file() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("secrets")).expect("a folder");
        let files: [(&str, &[u8]); 6] = [
            ("plain", b"abc"),
            ("line", b"abc\n"),
            ("windows", b"abc\r\n"),
            ("lines", b"abc\n\n"),
            ("secrets/inner", b"abc"),
            ("empty", b"\n"),
        ];
        for (name, content) in files {
            fs::write(folder.path().join(name), content).expect(name);
        }
        fs::write(folder.path().join("binary"), b"hunter2\xff").expect("binary");
        let cases = [
            ("'text'", Ok("text")),
            ("''", Ok("")),
            ("{ env = 'KEY' }", Ok("hunter2")),
            ("{ env = 'WINDOWS' }", Ok("hunter2")),
            ("{ env = 'LINES' }", Ok(" a b\n\nc \n")),
            ("'text\\n'", Ok("text\\n")),
            ("\"text\\n\"", Ok("text\n")),
            ("{ file = 'plain' }", Ok("abc")),
            ("{ file = 'line' }", Ok("abc")),
            ("{ file = 'windows' }", Ok("abc")),
            ("{ file = 'lines' }", Ok("abc\n")),
            ("{ file = 'secrets/inner' }", Ok("abc")),
            (
                "{ env = 'NONE' }",
                Err("2: key: the environment variable \"NONE\" is not set"),
            ),
            (
                "{ env = 'EMPTY' }",
                Err("2: key: the environment variable \"EMPTY\" is empty"),
            ),
            (
                "{ env = 'BREAK' }",
                Err("2: key: the environment variable \"BREAK\" is empty"),
            ),
            (
                "{ env = 'BINARY' }",
                Err("2: key: the environment variable \"BINARY\" is not valid UTF-8"),
            ),
            (
                "{ file = 'empty' }",
                Err("2: key: the file \"empty\" is empty"),
            ),
            (
                "{ file = 'binary' }",
                Err("2: key: the file \"binary\" is not valid UTF-8"),
            ),
            (
                "{ env = 1 }",
                Err("2: key.env: expected the name of a variable, found an integer"),
            ),
            (
                "{ evn = 'KEY' }",
                Err("2: key.evn: unknown key; did you mean `env`?"),
            ),
            (
                "{ flie = 'KEY' }",
                Err("2: key.flie: unknown key; did you mean `file`?"),
            ),
            (
                "{}",
                Err("2: key: expected either { env = \"VAR\" } or { file = \"PATH\" }"),
            ),
            (
                "{ env = 'A', file = 'b' }",
                Err("2: key: expected either { env = \"VAR\" } or { file = \"PATH\" }"),
            ),
            ("1", Err("2: key: expected a string, found an integer")),
        ];
        for (value, expected) in cases {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(read(folder.path(), value), expected, "{value}");
        }
    }

    #[test]
    fn a_missing_file_is_named_with_its_cause() {
        let folder = tempfile::tempdir().expect("a folder");
        let problem = read(folder.path(), "{ file = 'no.token' }").expect_err("no such file");
        assert!(
            problem.starts_with("2: key: the file \"no.token\" cannot be read: "),
            "{problem}"
        );
    }

    #[test]
    fn an_absolute_path_stays_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        fs::write(&file, "abc").expect("written");
        let value = format!("{{ file = '{}' }}", file.display());
        assert_eq!(read(Path::new("/nowhere"), &value).as_deref(), Ok("abc"));
    }
}
