//! The format of a token file: a head in plain text, then the encrypted record.
//!
//! | bytes | what |
//! |---|---|
//! | 7 | `WELDTOK` |
//! | 1 | the format's version |
//! | 8 | the identifier of the key that encrypted it |
//! | 24 | the nonce: random, and long enough that none occurs twice |
//! | 16 | the tag of XChaCha20-Poly1305 |
//! | rest | the encrypted record |
//!
//! The tag also authenticates the head and the names of connector and credential, so that one credential's file can't
//! replace another's.

use std::path::PathBuf;

use chacha20poly1305::{AeadInPlace, Tag, XNonce};
use zeroize::Zeroizing;

use super::error::TokenError;
use super::key::{ID_BYTES, TokenKey};

const MAGIC: [u8; 7] = *b"WELDTOK";
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Why a file's content is not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SealFault {
    /// The file has another format, was changed, or belongs to another credential.
    Corrupt,
    AnotherKey,
    NewerVersion(u8),
}

impl SealFault {
    /// The error for the file at this path.
    pub(super) fn at(self, path: PathBuf) -> TokenError {
        match self {
            Self::Corrupt => TokenError::Corrupt(path),
            Self::AnotherKey => TokenError::AnotherKey(path),
            Self::NewerVersion(version) => TokenError::NewerVersion { path, version },
        }
    }
}

/// Encrypts a record. `None` if the system provides no random numbers, or the record is far too large.
pub(super) fn seal(key: &TokenKey, name: &str, mut record: Zeroizing<Vec<u8>>) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).ok()?;
    let tag = key
        .cipher()
        .encrypt_in_place_detached(
            XNonce::from_slice(&nonce),
            &bound_data(key.id(), name),
            &mut record,
        )
        .ok()?;
    let head = [&MAGIC[..], &[VERSION], &key.id(), &nonce, &tag];
    Some([head.concat().as_slice(), &record].concat())
}

/// Decrypts the record in a file's content.
pub(super) fn unseal(
    key: &TokenKey,
    name: &str,
    content: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealFault> {
    let rest = content.strip_prefix(&MAGIC).ok_or(SealFault::Corrupt)?;
    let (&[version], rest) = split_array::<1>(rest)?;
    match version {
        VERSION => {}
        0 => return Err(SealFault::Corrupt),
        newer => return Err(SealFault::NewerVersion(newer)),
    }
    let (id, rest) = split_array::<ID_BYTES>(rest)?;
    let (nonce, rest) = split_array::<NONCE_BYTES>(rest)?;
    let (tag, encrypted) = split_array::<TAG_BYTES>(rest)?;
    if *id != key.id() {
        return Err(SealFault::AnotherKey);
    }
    let mut record = Zeroizing::new(encrypted.to_vec());
    key.cipher()
        .decrypt_in_place_detached(
            XNonce::from_slice(nonce),
            &bound_data(*id, name),
            &mut record,
            Tag::from_slice(tag),
        )
        .map_err(|_| SealFault::Corrupt)?;
    Ok(record)
}

fn split_array<const N: usize>(bytes: &[u8]) -> Result<(&[u8; N], &[u8]), SealFault> {
    bytes.split_first_chunk().ok_or(SealFault::Corrupt)
}

fn bound_data(id: [u8; ID_BYTES], name: &str) -> Vec<u8> {
    [&MAGIC[..], &[VERSION], &id, name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "beers/api";

    fn sealed(key: &TokenKey) -> Vec<u8> {
        seal(key, NAME, Zeroizing::new(b"the record".to_vec())).expect("random numbers")
    }

    #[test]
    fn a_sealed_record_can_be_read_and_its_content_is_hidden() {
        let key = TokenKey::random().expect("random numbers");
        let (one, other) = (sealed(&key), sealed(&key));
        assert_ne!(one, other, "each has a nonce of its own");
        for content in [one, other] {
            assert!(!content.windows(6).any(|part| part == b"record"));
            let record = unseal(&key, NAME, &content).expect("it is whole");
            assert_eq!(&**record, b"the record");
        }
    }

    #[test]
    fn no_byte_can_be_changed_added_or_removed() {
        let key = TokenKey::random().expect("random numbers");
        let content = sealed(&key);
        for place in 0..content.len() {
            let mut changed = content.clone();
            changed[place] ^= 1;
            assert!(unseal(&key, NAME, &changed).is_err(), "byte {place}");
            let cut = &content[..place];
            assert_eq!(
                unseal(&key, NAME, cut),
                Err(SealFault::Corrupt),
                "cut to {place}"
            );
        }
        let longer = [&content[..], b"\0"].concat();
        assert_eq!(unseal(&key, NAME, &longer), Err(SealFault::Corrupt));
    }

    #[test]
    fn another_key_and_a_newer_format_are_distinguished_from_a_damaged_file() {
        let key = TokenKey::random().expect("random numbers");
        let other = TokenKey::random().expect("random numbers");
        let mut content = sealed(&key);
        assert_eq!(unseal(&other, NAME, &content), Err(SealFault::AnotherKey));
        content[MAGIC.len()] = 2;
        assert_eq!(
            unseal(&key, NAME, &content),
            Err(SealFault::NewerVersion(2))
        );
    }

    #[test]
    fn a_file_is_refused_in_place_of_another() {
        let key = TokenKey::random().expect("random numbers");
        for name in ["beers/other", "other/api", "beers/", ""] {
            assert_eq!(
                unseal(&key, name, &sealed(&key)),
                Err(SealFault::Corrupt),
                "{name}"
            );
        }
    }
}
