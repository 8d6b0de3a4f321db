//! Whom new files and folders of the store belong to.
//!
//! Root may run a command for a service, such as `auth login`. What it creates must belong to the service's user, who could
//! not read it otherwise. That user owns the folder in which it is created.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::Path;

/// A new file can't be given to the user who needs it.
#[derive(Debug, thiserror::Error)]
#[error(
    "user {user}, whose folder or file this is, could not read it: run the command as that user, such as with \
     `sudo -u '#{user}'`"
)]
struct OwnershipFault {
    user: u32,
    #[source]
    source: io::Error,
}

/// Gives a file or folder that this process has just created to the user and the group of `folder`, if it runs as root. It
/// must be the new one itself rather than what is at its path now: the folder's owner can put something else there.
pub(super) fn inherit(created: &File, folder: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    give(created, &std::fs::metadata(folder)?)
}

/// Gives it to the user and the group of something else.
pub(super) fn give(created: &File, like: &Metadata) -> io::Result<()> {
    let own = created.metadata()?;
    if (own.uid(), own.gid()) == (like.uid(), like.gid()) {
        return Ok(());
    }
    fchown(created, Some(like.uid()), Some(like.gid())).map_err(|source| {
        io::Error::other(OwnershipFault {
            user: like.uid(),
            source,
        })
    })
}
