//! The functions of `wasi:http` that create fields or add to them, which charge for the contents.

use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource};
use wasmtime_wasi_http::p2::HeaderError as TrappableHeaderError;
use wasmtime_wasi_http::p2::bindings::http::types::{self, HeaderError};
use wasmtime_wasi_http::{FieldMap, FieldMapError, WasiHttpCtxView};

use super::held::{FieldsFault, MAX_FIELDS_BYTES};
use super::{WasiHttpAccess, parts};

/// Adds the functions of `fields`, whose bytes are charged to the call.
pub(super) fn add<T: 'static>(
    types: &mut LinkerInstance<'_, T>,
    access: WasiHttpAccess<T>,
) -> wasmtime::Result<()> {
    types.func_wrap(
        "[static]fields.from-list",
        move |mut store: StoreContextMut<'_, T>, (list,): (Vec<(String, Vec<u8>)>,)| {
            let (mut http, held) = parts(&mut store, access);
            let made = checked(&mut http, list).and_then(|fields| Ok(held.adopted(&fields)?));
            let made = made.and_then(|fields| Ok(http.table.push(fields)?));
            Ok((or_error(&mut http, made)?,))
        },
    )?;
    types.func_wrap(
        "[method]fields.append",
        move |mut store: StoreContextMut<'_, T>,
              (fields, name, value): (Resource<FieldMap>, String, Vec<u8>)| {
            let (mut http, held) = parts(&mut store, access);
            let done = checked(&mut http, vec![(name, value)]).and_then(|more| {
                let fields = http.table.get_mut(&fields)?;
                // With two of them, the message would have two ends.
                if more
                    .keys()
                    .any(|name| *name == http::header::CONTENT_LENGTH && fields.contains_key(name))
                {
                    return Err(HeaderError::InvalidSyntax.into());
                }
                Ok(held.append(fields, &more)?)
            });
            Ok((or_error(&mut http, done)?,))
        },
    )?;
    types.func_wrap(
        "[method]fields.set",
        move |mut store: StoreContextMut<'_, T>,
              (fields, name, values): (Resource<FieldMap>, String, Vec<Vec<u8>>)| {
            let (mut http, held) = parts(&mut store, access);
            let mut more = FieldMap::new_mutable(MAX_FIELDS_BYTES);
            let done = more
                .set(http.hooks, name.clone(), values)
                .map_err(|error| FieldsFault::from(error).into())
                .and_then(|()| {
                    // Works on a copy, so that a refusal halfway changes nothing.
                    let mut changed = http.table.get(&fields)?.clone();
                    changed
                        .remove_all(http.hooks, name)
                        .map_err(FieldsFault::from)?;
                    held.append(&mut changed, &more)?;
                    replace(http.table.get_mut(&fields)?, changed)
                });
            Ok((or_error(&mut http, done)?,))
        },
    )?;
    types.func_wrap(
        "[method]fields.delete",
        move |mut store: StoreContextMut<'_, T>, (fields, name): (Resource<FieldMap>, String)| {
            let (mut http, _) = parts(&mut store, access);
            let delete = || {
                let mut changed = http.table.get(&fields)?.clone();
                changed
                    .remove_all(http.hooks, name)
                    .map_err(FieldsFault::from)?;
                replace(http.table.get_mut(&fields)?, changed)
            };
            let done = delete();
            Ok((or_error(&mut http, done)?,))
        },
    )?;
    types.func_wrap(
        "[method]fields.clone",
        move |mut store: StoreContextMut<'_, T>, (fields,): (Resource<FieldMap>,)| {
            let (http, held) = parts(&mut store, access);
            let copy = held
                .copied(http.table.get(&fields)?)
                .map_err(FieldsFault::trap)?;
            Ok((http.table.push(copy)?,))
        },
    )
}

/// Replaces fields by `changed`. A map keeps the space of removed values, which is no longer charged, so a map with
/// fewer values is created again.
fn replace(fields: &mut FieldMap, changed: FieldMap) -> Result<(), TrappableHeaderError> {
    *fields = if changed.len() < fields.len() {
        let mut small = FieldMap::new_mutable(usize::MAX);
        for (name, value) in changed.iter() {
            small
                .append_raw(name.clone(), value.clone())
                .map_err(FieldsFault::from)?;
        }
        small.set_mutable(MAX_FIELDS_BYTES);
        small
    } else {
        changed
    };
    Ok(())
}

/// Converts the list into fields, if each is allowed.
fn checked(
    http: &mut WasiHttpCtxView<'_>,
    list: Vec<(String, Vec<u8>)>,
) -> Result<FieldMap, TrappableHeaderError> {
    let mut fields = FieldMap::new_mutable(MAX_FIELDS_BYTES);
    for (name, value) in list {
        fields
            .append(http.hooks, name, value)
            .map_err(FieldsFault::from)?;
    }
    Ok(fields)
}

impl FieldsFault {
    /// The fault as the cause of a trap.
    fn trap(self) -> wasmtime::Error {
        match self {
            Self::Memory(error) => error.into(),
            Self::Fields(error) => error.into(),
        }
    }
}

impl From<FieldsFault> for TrappableHeaderError {
    fn from(fault: FieldsFault) -> Self {
        match fault {
            FieldsFault::Memory(error) => Self::trap(error),
            // The interface has no error for it, and an error that a guest can handle is better than a trap.
            FieldsFault::Fields(FieldMapError::TotalSizeTooBig | FieldMapError::TooManyFields) => {
                HeaderError::InvalidSyntax.into()
            }
            FieldsFault::Fields(error) => error.into(),
        }
    }
}

/// Returns an error of the interface as a value; any other error is a trap.
fn or_error<V>(
    http: &mut WasiHttpCtxView<'_>,
    result: Result<V, TrappableHeaderError>,
) -> wasmtime::Result<Result<V, HeaderError>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => types::Host::convert_header_error(http, error).map(Err),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use wasmtime_wasi_http::{RequestOptions, WasiBody, WasiHttpHooks};

    use super::super::{WasiCompletion, WasiExchange};
    use super::*;
    use crate::account::{CallAccount, HostAccount};
    use crate::imports::wasi_http::held::HeldRequests;

    /// Sends nothing.
    struct NoHooks;

    impl WasiHttpHooks for NoHooks {
        fn send_request(
            &mut self,
            _: http::Request<WasiBody>,
            _: Option<RequestOptions>,
            _: WasiCompletion,
        ) -> Box<dyn Future<Output = WasiExchange> + Send> {
            unreachable!("nothing is sent")
        }
    }

    fn fields(names: u32) -> FieldMap {
        let mut fields = FieldMap::new_mutable(MAX_FIELDS_BYTES);
        for number in 0..names {
            fields
                .append(&mut NoHooks, format!("x-{number}"), b"value".to_vec())
                .unwrap();
        }
        fields
    }

    #[test]
    fn capacity_of_fields_is_charged_even_without_values() {
        let host = HostAccount::new(u64::MAX);
        let held = HeldRequests::new(&CallAccount::new(host.clone(), u64::MAX));
        let place = size_of::<HeaderName>() + size_of::<HeaderValue>();
        // Just after a map has doubled, it has the most spare capacity.
        for names in [7, 13, 400] {
            let mut empty = FieldMap::new_mutable(MAX_FIELDS_BYTES);
            for number in 0..names {
                let name = format!("x-{number}");
                empty.append(&mut NoHooks, name, Vec::new()).unwrap();
            }
            let made = [held.adopted(&empty).unwrap(), held.copied(&empty).unwrap()];
            let room: usize = made.iter().map(|fields| fields.capacity() * place).sum();
            assert!(host.used_bytes() >= room as u64, "{names} names");
            drop(made);
            assert_eq!(host.used_bytes(), 0);
        }
    }

    #[test]
    fn fields_keep_no_space_for_removed_values() {
        let mut kept = fields(400);
        let full = kept.capacity();
        for number in 0..400_usize {
            let mut changed = kept.clone();
            changed
                .remove_all(&mut NoHooks, format!("x-{number}"))
                .unwrap();
            replace(&mut kept, changed).unwrap();
            let most = 4 * (400 - number);
            assert!(kept.capacity() <= most.min(full), "{}", kept.capacity());
        }
        assert_eq!((kept.len(), kept.capacity()), (0, 0));
        let added = kept.append(&mut NoHooks, "x".to_owned(), vec![b'x'; MAX_FIELDS_BYTES]);
        assert_eq!(
            added,
            Err(FieldMapError::TotalSizeTooBig),
            "the limit is enforced"
        );
    }
}
