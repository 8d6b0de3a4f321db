//! Texts, bytes and lists that a guest hands over, charged before the host copies them out of the guest's memory.
//!
//! Wasmtime copies its own `String` and `Vec` before any code of ours runs, and so before they can be charged. So these
//! types implement wasmtime's traits themselves, and the function that receives them calls [`payment`] first. The
//! traits have no access to the store, so [`PAYER`] says which account to charge.

use std::cell::RefCell;
use std::sync::Arc;

use wasmtime::ValRaw;
use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext};
use wasmtime::component::{ComponentType, Lift};

use super::handed_text::{HandedText, TextEncoding};
use crate::account::{CallAccount, Charge, MemoryError};

/// This many charged bytes count as one of the bytes that wasmtime may copy at once. Bytes that wasmtime copies itself
/// aren't charged, so that limit must be low.
pub(crate) const PAID_BYTES_FOR_ONE: u64 = 64;

/// The bit of a length that marks a text as UTF-16, in the encoding that may be either.
const IS_UTF16: u32 = 1 << 31;

tokio::task_local! {
    static PAYER: Payer;
}

/// The account that the current call charges, and what was charged since the last [`payment`].
struct Payer {
    account: Arc<CallAccount>,
    paid: RefCell<Result<Option<Charge>, MemoryError>>,
}

impl Payer {
    /// Charges `bytes` before they are copied. Returns whether they may be.
    fn pay(&self, bytes: u64) -> bool {
        let mut paid = self.paid.borrow_mut();
        let grown = match &mut *paid {
            Ok(Some(charge)) => charge.grow(bytes),
            Ok(none) => self
                .account
                .transit(bytes)
                .map(|charge| *none = Some(charge)),
            Err(_) => return false,
        };
        if let Err(error) = grown {
            *paid = Err(error);
        }
        paid.is_ok()
    }
}

/// Runs a guest's call, whose values are charged to `account`.
pub(crate) async fn paid_by<F: Future>(account: Arc<CallAccount>, call: F) -> F::Output {
    let payer = Payer {
        account,
        paid: RefCell::new(Ok(None)),
    };
    PAYER.scope(payer, call).await
}

/// The charge, in transit, for everything that was handed over since the last call of this function. Every function
/// that a guest hands something over to must call it first.
///
/// # Errors
///
/// [`MemoryError`]: there was not enough memory, and the received values are not the ones that the guest handed over.
pub(crate) fn payment() -> Result<Charge, MemoryError> {
    let paid = PAYER.try_with(|payer| {
        let paid = payer.paid.replace(Ok(None))?;
        paid.map_or_else(|| payer.account.transit(0), Ok)
    });
    // Nothing can be handed over outside of a call.
    paid.unwrap_or(Err(MemoryError::Total(0)))
}

/// Charges `bytes` before they are copied. Returns whether they may be.
fn pay(context: &mut LiftContext<'_>, bytes: u64) -> wasmtime::Result<bool> {
    let counted = bytes.div_ceil(PAID_BYTES_FOR_ONE);
    context.consume_fuel(usize::try_from(counted)?)?;
    Ok(PAYER.try_with(|payer| payer.pay(bytes))?)
}

/// The place of a value in the guest's memory, and its length: bytes of a text, elements of a list.
#[derive(Clone, Copy)]
struct Place {
    begin: u32,
    length: u32,
}

impl Place {
    fn of_flat([begin, length]: &[ValRaw; 2]) -> Self {
        Self {
            begin: begin.get_u32(),
            length: length.get_u32(),
        }
    }

    fn of_memory(bytes: &[u8]) -> wasmtime::Result<Self> {
        let number = |bytes: Option<&[u8]>| -> wasmtime::Result<u32> {
            Ok(u32::from_le_bytes(bytes.unwrap_or_default().try_into()?))
        };
        Ok(Self {
            begin: number(bytes.get(..4))?,
            length: number(bytes.get(4..8))?,
        })
    }

    /// The memory at this place: `length` elements of `size` bytes.
    fn read<'a>(
        self,
        context: &LiftContext<'a>,
        size: usize,
        align: u32,
    ) -> wasmtime::Result<&'a [u8]> {
        let begin = usize::try_from(self.begin)?;
        let bytes = usize::try_from(self.length)?.checked_mul(size);
        let end = bytes.and_then(|bytes| begin.checked_add(bytes));
        end.filter(|_| self.begin.is_multiple_of(align.max(1)))
            .and_then(|end| context.memory().get(begin..end))
            .ok_or_else(|| wasmtime::format_err!("a value lies outside of the guest's memory"))
    }
}

/// A type that is read from a guest's memory, and charged to the guest's call.
trait GuestValue: Sized {
    fn read(
        context: &mut LiftContext<'_>,
        ty: InterfaceType,
        place: Place,
    ) -> wasmtime::Result<Self>;
}

/// A list of bytes.
#[derive(Debug, Default)]
pub(crate) struct HandedBytes(pub(crate) Vec<u8>);

/// A list whose elements are larger than zero bytes.
#[derive(Debug)]
pub(crate) struct HandedList<T>(pub(crate) Vec<T>);

impl GuestValue for HandedText {
    fn read(
        context: &mut LiftContext<'_>,
        _ty: InterfaceType,
        place: Place,
    ) -> wasmtime::Result<Self> {
        let length = Place {
            length: place.length & !IS_UTF16,
            ..place
        };
        let (read, encoding, copies) = match context.options().string_encoding {
            StringEncoding::Utf8 => (place.read(context, 1, 1)?, TextEncoding::Utf8, 1),
            // In addition to the copy, the text exists in UTF-8 for a while: up to three bytes for two.
            StringEncoding::Utf16 => (place.read(context, 2, 2)?, TextEncoding::Utf16, 3),
            StringEncoding::CompactUtf16 if place.length & IS_UTF16 == 0 => {
                // Up to two bytes for one.
                (place.read(context, 1, 2)?, TextEncoding::Latin1, 3)
            }
            StringEncoding::CompactUtf16 => (length.read(context, 2, 2)?, TextEncoding::Utf16, 3),
        };
        if !pay(context, (read.len() as u64).saturating_mul(copies))? {
            return Ok(Self::default());
        }
        Ok(Self::new(read.to_vec(), encoding))
    }
}

impl GuestValue for HandedBytes {
    fn read(
        context: &mut LiftContext<'_>,
        _ty: InterfaceType,
        place: Place,
    ) -> wasmtime::Result<Self> {
        let bytes = place.read(context, 1, 1)?;
        if !pay(context, bytes.len() as u64)? {
            return Ok(Self::default());
        }
        Ok(Self(bytes.to_vec()))
    }
}

impl<T: Lift> GuestValue for HandedList<T> {
    fn read(
        context: &mut LiftContext<'_>,
        ty: InterfaceType,
        place: Place,
    ) -> wasmtime::Result<Self> {
        let InterfaceType::List(list) = ty else {
            return Err(wasmtime::format_err!("a list is read as another type"));
        };
        let element = context.types[list].element;
        let bytes = place.read(context, T::SIZE32, T::ALIGN32)?;
        let held = u64::from(place.length).saturating_mul(size_of::<T>() as u64);
        if !pay(context, held)? {
            return Ok(Self(Vec::new()));
        }
        bytes
            .chunks_exact(T::SIZE32.max(1))
            .map(|bytes| T::linear_lift_from_memory(context, element, bytes))
            .collect::<wasmtime::Result<Vec<T>>>()
            .map(Self)
    }
}

/// Makes wasmtime read a type of the contract as a [`GuestValue`].
macro_rules! handed {
    ($type:ty as $twin:ty $(, $parameter:ident)?) => {
        #[allow(
            unsafe_code,
            reason = "the traits require that size, alignment and types are the ones of the interface: they are those of \
              wasmtime's own type for it"
        )]
        unsafe impl$(<$parameter: Lift>)? ComponentType for $type {
            type Lower = <$twin as ComponentType>::Lower;

            const ABI: CanonicalAbiInfo = <$twin as ComponentType>::ABI;

            fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
                <$twin as ComponentType>::typecheck(ty, types)
            }
        }

        #[allow(unsafe_code, reason = "memory is accessed only through the slice that wasmtime provides")]
        unsafe impl$(<$parameter: Lift>)? Lift for $type {
            fn linear_lift_from_flat(
                context: &mut LiftContext<'_>,
                ty: InterfaceType,
                source: &Self::Lower,
            ) -> wasmtime::Result<Self> {
                Self::read(context, ty, Place::of_flat(source))
            }

            fn linear_lift_from_memory(
                context: &mut LiftContext<'_>,
                ty: InterfaceType,
                bytes: &[u8],
            ) -> wasmtime::Result<Self> {
                Self::read(context, ty, Place::of_memory(bytes)?)
            }
        }
    };
}

handed!(HandedText as String);
handed!(HandedBytes as Vec<u8>);
handed!(HandedList<T> as Vec<T>, T);
