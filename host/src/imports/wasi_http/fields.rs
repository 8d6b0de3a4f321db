//! The functions of `wasi:http` that make fields or add to them, with the charge for what stands in them.

use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource};
use wasmtime_wasi_http::p2::HeaderError as TrappableHeaderError;
use wasmtime_wasi_http::p2::bindings::http::types::{self, HeaderError};
use wasmtime_wasi_http::{FieldMap, FieldMapError, WasiHttpCtxView};

use super::held::{FieldsFault, MAX_FIELDS_BYTES};
use super::{WasiHttpAccess, parts};

/// `fields` of `wasi:http`, whose bytes are the call's own.
pub(super) fn add<T: 'static>(
    types: &mut LinkerInstance<'_, T>,
    access: WasiHttpAccess<T>,
) -> wasmtime::Result<()> {
    types.func_wrap(
        "[static]fields.from-list",
        move |mut store: StoreContextMut<'_, T>, (list,): (Vec<(String, Vec<u8>)>,)| {
            let (mut http, held) = parts(&mut store, access);
            let made = checked(&mut http, list).and_then(|fields| Ok(held.charged(&fields)?));
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
                // Two of them would say where a message ends in two ways.
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
                    // A copy: what is refused halfway changes nothing.
                    let mut changed = http.table.get(&fields)?.clone();
                    changed
                        .remove_all(http.hooks, name)
                        .map_err(FieldsFault::from)?;
                    held.append(&mut changed, &more)?;
                    *http.table.get_mut(&fields)? = changed;
                    Ok(())
                });
            Ok((or_error(&mut http, done)?,))
        },
    )?;
    types.func_wrap(
        "[method]fields.clone",
        move |mut store: StoreContextMut<'_, T>, (fields,): (Resource<FieldMap>,)| {
            let (http, held) = parts(&mut store, access);
            let copy = held
                .charged(http.table.get(&fields)?)
                .map_err(FieldsFault::trap)?;
            Ok((http.table.push(copy)?,))
        },
    )
}

/// The list as fields, if each may stand in one.
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
    /// The cause of a trap.
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
            // The interface has no error for it, and one that a guest can go on from is better than a trap.
            FieldsFault::Fields(FieldMapError::TotalSizeTooBig | FieldMapError::TooManyFields) => {
                HeaderError::InvalidSyntax.into()
            }
            FieldsFault::Fields(error) => error.into(),
        }
    }
}

/// The interface's own error in its place; any other one is a trap.
fn or_error<V>(
    http: &mut WasiHttpCtxView<'_>,
    result: Result<V, TrappableHeaderError>,
) -> wasmtime::Result<Result<V, HeaderError>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => types::Host::convert_header_error(http, error).map(Err),
    }
}
