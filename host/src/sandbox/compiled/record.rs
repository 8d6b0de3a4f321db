//! What a compiled file says of its code.

use std::env::consts::{ARCH, OS};
use std::io::{self, Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fault::CompiledFault;
use crate::sandbox::cache_file::EntryFault;
use crate::sandbox::target_cpu::{TargetCpu, unavailable};

/// The version of the host, which determines the form of compiled code.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The end of each compiled file. Its last digit is the version of this form.
const MAGIC: [u8; 8] = *b"weldcod1";

/// The part after the record: digest, length of the record, magic.
const END_BYTES: usize = 32 + 4 + 8;

/// The largest record, in bytes. A record has about 500.
const MAX_RECORD_BYTES: u32 = 16 << 10;

/// What code was compiled from, and for which host and machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::sandbox) struct CompiledRecord {
    /// The version of the host.
    host: String,
    /// The machine's architecture, such as `x86_64`.
    architecture: String,
    /// The machine's operating system, such as `linux`.
    system: String,
    /// The name of the processor.
    cpu: String,
    /// The features of the processor that the code may use.
    features: Vec<String>,
    /// A digest of everything but the component that affects its code.
    settings: String,
    /// The SHA-256 of the component, in hexadecimal digits.
    component: String,
}

/// The part of a record that all versions have.
#[derive(Deserialize)]
struct RecordHead {
    host: String,
}

impl CompiledRecord {
    /// The record of code that this host compiles for `cpu`, from the component with this digest.
    pub(in crate::sandbox) fn new(cpu: TargetCpu, settings: &str, component: &str) -> Self {
        Self {
            host: VERSION.to_owned(),
            architecture: ARCH.to_owned(),
            system: OS.to_owned(),
            cpu: cpu.name().to_owned(),
            features: cpu
                .features()
                .map(|feature| feature.name.to_owned())
                .collect(),
            settings: settings.to_owned(),
            component: component.to_owned(),
        }
    }

    /// Whether this host and this machine can run the code for the component with this digest.
    ///
    /// # Errors
    ///
    /// [`CompiledFault`], except those of reading.
    pub(super) fn check(&self, component: &str) -> Result<(), CompiledFault> {
        if self.host != VERSION {
            return Err(CompiledFault::OtherVersion(self.host.clone()));
        }
        if self.architecture != ARCH || self.system != OS {
            return Err(CompiledFault::OtherMachine {
                architecture: self.architecture.clone(),
                system: self.system.clone(),
            });
        }
        let features = unavailable(&self.features);
        if !features.is_empty() {
            return Err(CompiledFault::OtherCpu {
                cpu: self.cpu.clone(),
                features: features.into_iter().map(str::to_owned).collect(),
            });
        }
        if self.component != component {
            return Err(CompiledFault::OtherComponent);
        }
        Ok(())
    }

    /// The contents of the compiled file with this code.
    pub(in crate::sandbox) fn file(&self, mut code: Vec<u8>) -> Vec<u8> {
        // A record has only texts, so this can't fail.
        let record = serde_json::to_vec(self).unwrap_or_default();
        let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
        code.extend(record);
        let digest = Sha256::digest(&code);
        code.extend(digest);
        code.extend(length.to_le_bytes());
        code.extend(MAGIC);
        code
    }

    /// Reads the record of a whole compiled file, and checks the digest.
    ///
    /// # Errors
    ///
    /// [`CompiledFault::File`], `Malformed`, `Digest` and `OtherVersion`.
    pub(super) fn read(file: &mut (impl Read + Seek)) -> Result<Self, CompiledFault> {
        let length = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
        let before_end = length
            .checked_sub(END_BYTES as u64)
            .ok_or(CompiledFault::Malformed)?;
        let mut end = [0; END_BYTES];
        read_at(file, before_end, &mut end)?;
        let (digest, end) = end.split_at(32);
        let (record_length, magic) = end.split_at(4);
        if magic != MAGIC {
            return Err(CompiledFault::Malformed);
        }
        let record_length = record_length
            .try_into()
            .map(u32::from_le_bytes)
            .ok()
            .filter(|length| *length <= MAX_RECORD_BYTES)
            .ok_or(CompiledFault::Malformed)?;
        let record_begins = before_end
            .checked_sub(record_length.into())
            .ok_or(CompiledFault::Malformed)?;
        file.rewind().map_err(unreadable)?;
        let mut found = Sha256::new();
        io::copy(&mut file.by_ref().take(before_end), &mut found).map_err(unreadable)?;
        if found.finalize().as_slice() != digest {
            return Err(CompiledFault::Digest);
        }
        let mut record = vec![0; record_length as usize];
        read_at(file, record_begins, &mut record)?;
        let of: RecordHead =
            serde_json::from_slice(&record).map_err(|_| CompiledFault::Malformed)?;
        if of.host != VERSION {
            return Err(CompiledFault::OtherVersion(of.host));
        }
        serde_json::from_slice(&record).map_err(|_| CompiledFault::Malformed)
    }
}

fn read_at(
    file: &mut (impl Read + Seek),
    position: u64,
    bytes: &mut [u8],
) -> Result<(), CompiledFault> {
    file.seek(SeekFrom::Start(position))
        .and_then(|_| file.read_exact(bytes))
        .map_err(unreadable)
}

fn unreadable(error: io::Error) -> CompiledFault {
    EntryFault::Read(error).into()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read(file: &[u8]) -> Result<CompiledRecord, CompiledFault> {
        CompiledRecord::read(&mut Cursor::new(file))
    }

    fn record() -> CompiledRecord {
        CompiledRecord::new(TargetCpu::Native, "settings", "component")
    }

    #[test]
    fn a_record_is_read_back_and_every_other_content_is_refused() {
        let whole = record().file(b"code".to_vec());
        assert_eq!(read(&whole).unwrap(), record());
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length} bytes");
        }
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            assert!(read(&changed).is_err(), "byte {place}");
        }
        let appended = [&whole[..], b" "].concat();
        assert!(matches!(read(&appended), Err(CompiledFault::Malformed)));
    }

    #[test]
    fn code_of_another_host_machine_or_component_is_refused() {
        type Change = fn(&mut CompiledRecord);
        let cases: [(Change, &str); 6] = [
            (
                |record| record.host = "9.9.9".to_owned(),
                "weld-host 9.9.9 compiled it, and this is weld-host ",
            ),
            (
                |record| record.architecture = "z80".to_owned(),
                "on z80, and this machine is ",
            ),
            (
                |record| record.system = "cp/m".to_owned(),
                "it is for cp/m on ",
            ),
            (
                |record| record.features.push("telepathy".to_owned()),
                "it is for a processor (`--cpu native`) with telepathy, which this machine's lacks",
            ),
            (
                |record| record.component = "another".to_owned(),
                "it was compiled from other contents",
            ),
            (|_| {}, ""),
        ];
        for (change, expected) in cases {
            let mut record = record();
            change(&mut record);
            let checked =
                read(&record.file(b"code".to_vec())).and_then(|record| record.check("component"));
            let message = checked.map_or_else(|fault| fault.to_string(), |()| String::new());
            assert!(
                message.contains(expected) && message.is_empty() == expected.is_empty(),
                "{message:?}, not {expected:?}"
            );
        }
    }

    #[test]
    fn a_version_with_another_form_of_the_record_is_still_named() {
        let text = br#"{"host": "7.0.0", "anything": 1}"#;
        let mut file = [&b"code"[..], text].concat();
        let digest = Sha256::digest(&file);
        file.extend(digest);
        file.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        file.extend(MAGIC);
        assert!(
            matches!(read(&file), Err(CompiledFault::OtherVersion(version)) if version == "7.0.0")
        );
    }
}
