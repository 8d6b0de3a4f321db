//! Why there is no package.

use std::io;
use std::path::PathBuf;

use super::glibc::GlibcVersion;
use crate::report::{size_beyond, size_text};

/// Why no package is made.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The program doesn't run on Lambda.
    #[error(
        "{} does not run on AWS Lambda: {fault}; name a static binary of weld-host for x86_64 or aarch64 Linux with --binary",
        path.display()
    )]
    Binary {
        /// The program.
        path: PathBuf,
        /// Why.
        fault: BinaryFault,
    },

    /// There is nothing to serve.
    #[error("{} contains no NAME.wasm; build a connector with `weld-host build`, or name another folder with --plugins", .0.display())]
    NoConnectors(PathBuf),

    /// A file or folder can't be read.
    #[error("{} can't be read", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },

    /// Names in packages are UTF-8.
    #[error("the name of {} is not UTF-8; rename the file", .0.display())]
    NameNotText(PathBuf),

    /// Lambda takes no larger package.
    #[error(
        "the package would have {} when unpacked, more than the {} that AWS Lambda allows; leave out files of the plugins \
         folder, or distribute the connectors over several functions; the largest file is {}",
        size_beyond(*bytes, *limit_bytes),
        size_text(*limit_bytes),
        largest.display()
    )]
    TooLarge {
        /// The size of all files, in bytes.
        bytes: u64,
        /// The limit, in bytes.
        limit_bytes: u64,
        /// The largest file.
        largest: PathBuf,
    },

    /// The package can't be written.
    #[error("{} can't be written", path.display())]
    Unwritable {
        /// The package.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Why a program doesn't run on Lambda.
#[derive(Debug, thiserror::Error)]
pub enum BinaryFault {
    /// It is another kind of file, or damaged.
    #[error("it is not a program for Linux on 64-bit machines ({0})")]
    NotElf(object::read::Error),

    /// It is for a machine that Lambda doesn't have.
    #[error("it is for another kind of machine (ELF machine {0})")]
    Machine(u16),

    /// It is a part of a program.
    #[error("it is an object file, not a program")]
    NotExecutable,

    /// It needs another C library.
    #[error("it needs {0}, which Amazon Linux 2023 doesn't have")]
    Loader(String),

    /// It was built on a newer system.
    #[error("it needs glibc {needed}, but Amazon Linux 2023 has {present}")]
    NewerGlibc {
        /// The version that it needs.
        needed: GlibcVersion,
        /// The version on Lambda.
        present: GlibcVersion,
    },
}
