//! Whom new files and folders of the store belong to.
//!
//! Root may run a command for a service, such as `auth login`. What it creates must belong to the service's user, who could
//! not read it otherwise. That user owns the folder in which it is created.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, fchown};

use rustix::fs::{Dir, Stat};

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

/// A user and a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileOwner {
    user: u32,
    group: u32,
}

impl FileOwner {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            user: metadata.uid(),
            group: metadata.gid(),
        }
    }

    pub(super) fn of_entry(entry: &Stat) -> Self {
        Self {
            user: entry.st_uid,
            group: entry.st_gid,
        }
    }
}

/// Gives a file that this process has just created to the owner of its folder, if it runs as root. It must be the new one
/// itself rather than what is at its path now: the folder's owner can put something else there.
pub(super) fn inherit(created: &File, owner: FileOwner) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    match give(created, owner) {
        // Only its user has rights to it. Root can't give it another group in a container without the capability to do so.
        Err(_) if created.metadata()?.uid() == owner.user => Ok(()),
        given => given,
    }
}

/// The same for a folder, which had to be opened by its name after it was made. The owner of the folder above can have put
/// another one there: one with something in it is not given away.
pub(super) fn inherit_folder(opened: &File, owner: FileOwner) -> io::Result<()> {
    let user = rustix::process::geteuid();
    let own = FileOwner::of(&opened.metadata()?);
    if !user.is_root() || own == owner || own.user != user.as_raw() {
        return Ok(());
    }
    for entry in Dir::read_from(opened)? {
        if ![&b"."[..], b".."].contains(&entry?.file_name().to_bytes()) {
            return Err(io::Error::other("another folder is in its place"));
        }
    }
    inherit(opened, owner)
}

/// Gives it to a user and a group.
pub(super) fn give(created: &File, owner: FileOwner) -> io::Result<()> {
    if FileOwner::of(&created.metadata()?) == owner {
        return Ok(());
    }
    fchown(created, Some(owner.user), Some(owner.group)).map_err(|source| {
        io::Error::other(OwnershipFault {
            user: owner.user,
            source,
        })
    })
}
