//! The package that is uploaded as a function: a zip of the program as `bootstrap`, the plugins folder and the settings.
//!
//! The same files make the same package, byte by byte: its entries are sorted, and have one time and fixed permissions.

mod binary;
mod contents;
mod error;
mod glibc;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

pub(crate) use binary::BinaryFacts;
use contents::{PackedFile, contents};
pub use error::PackageError;

use crate::config::folder_of;

/// The largest package that can be uploaded directly, in bytes: 50 MB; a larger one goes through a bucket.
pub(crate) const MOST_UPLOADED_BYTES: u64 = 50 << 20;

/// The largest package when unpacked, in bytes: 250 MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const MOST_UNPACKED_BYTES: u64 = 250 << 20;

/// What a package is made of.
#[derive(Debug)]
pub(crate) struct PackageSources {
    /// The program for Lambda's machines.
    pub(crate) binary: PathBuf,
    /// The plugins folder.
    pub(crate) plugins: PathBuf,
    /// `weld-host.toml`, if there is one.
    pub(crate) settings: Option<PathBuf>,
}

/// What a package contains.
#[derive(Debug)]
pub(crate) struct PackageSummary {
    pub(crate) binary: BinaryFacts,
    /// The names of the connectors, in their order.
    pub(crate) connectors: Vec<String>,
    /// The paths of the other files in the plugins folder that belong to no connector by their names, in their order.
    pub(crate) others: Vec<String>,
    pub(crate) unpacked_bytes: u64,
    pub(crate) packed_bytes: u64,
}

/// Writes a package to `output`, which is replaced as a whole.
///
/// # Errors
///
/// [`PackageError`]: the program doesn't run on Lambda, there are no connectors, a file can't be read, the package is too
/// large, or can't be written.
pub(crate) fn package(
    sources: &PackageSources,
    output: &Path,
) -> Result<PackageSummary, PackageError> {
    package_within(sources, output, MOST_UNPACKED_BYTES)
}

fn package_within(
    sources: &PackageSources,
    output: &Path,
    limit_bytes: u64,
) -> Result<PackageSummary, PackageError> {
    let files = contents(sources, output)?;
    let unpacked_bytes: u64 = files.iter().map(|file| file.bytes).sum();
    if unpacked_bytes > limit_bytes {
        let largest = files.iter().max_by_key(|file| file.bytes);
        return Err(PackageError::TooLarge {
            bytes: unpacked_bytes,
            limit_bytes,
            largest: largest.map(|file| file.path.clone()).unwrap_or_default(),
        });
    }
    let program = read(&sources.binary)?;
    let binary = binary::examine(&sources.binary, &program)?;
    let unwritable = |source| PackageError::Unwritable {
        path: output.to_owned(),
        source,
    };
    let new = NamedTempFile::new_in(folder_of(output)).map_err(unwritable)?;
    write(new.as_file(), &files, &program).map_err(|fault| fault.of(output))?;
    let packed_bytes = new.as_file().metadata().map_err(unwritable)?.len();
    // A temporary file is its user's own, and the package stays so: settings may contain secrets.
    new.persist(output)
        .map_err(|error| unwritable(error.error))?;
    let connectors: Vec<_> = files.iter().filter_map(PackedFile::connector).collect();
    let is_other = |file: &&PackedFile| {
        file.is_plugin() && !connectors.iter().any(|name| file.belongs_to(name))
    };
    let others = files.iter().filter(is_other);
    let others = others.map(|file| file.name.clone()).collect();
    Ok(PackageSummary {
        binary,
        connectors,
        others,
        unpacked_bytes,
        packed_bytes,
    })
}

/// Why the entries can't be written.
enum WriteFault {
    Source(PackageError),
    Zip(zip::result::ZipError),
}

impl WriteFault {
    fn of(self, output: &Path) -> PackageError {
        match self {
            Self::Source(error) => error,
            Self::Zip(error) => PackageError::Unwritable {
                path: output.to_owned(),
                source: error.into(),
            },
        }
    }
}

impl From<zip::result::ZipError> for WriteFault {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Zip(error)
    }
}

fn write(output: &File, files: &[PackedFile], program: &[u8]) -> Result<(), WriteFault> {
    let mut zip = ZipWriter::new(BufWriter::new(output));
    for file in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(file.permissions);
        zip.start_file(file.name.as_str(), options)?;
        let written = if file.is_program() {
            zip.write_all(program)
        } else {
            let content = read(&file.path).map_err(WriteFault::Source)?;
            zip.write_all(&content)
        };
        written.map_err(zip::result::ZipError::from)?;
    }
    let mut buffered = zip.finish()?;
    buffered.flush().map_err(zip::result::ZipError::from)?;
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, PackageError> {
    fs::read(path).map_err(|source| PackageError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
