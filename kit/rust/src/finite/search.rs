//! The search for a number that JSON doesn't have, as a serializer that writes nothing.

use std::fmt::{self, Display};

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// Walks through a value until it finds a number that is not finite.
pub(super) struct Search;

/// Where the search ended. The place is built from the innermost part outward.
#[derive(Debug)]
pub(super) struct Finding {
    /// `None` if the value reported an error of its own.
    pub(super) number: Option<&'static str>,
    pub(super) place: String,
}

impl Finding {
    fn within(mut self, part: &dyn Display) -> Self {
        self.place = format!("{part}{}", self.place);
        self
    }
}

impl Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.place)
    }
}

impl std::error::Error for Finding {}

impl ser::Error for Finding {
    fn custom<T: Display>(message: T) -> Self {
        Self {
            number: None,
            place: message.to_string(),
        }
    }
}

/// The list or object being walked: the number of items so far, the last key, and the enum variant it belongs to.
#[derive(Default)]
pub(super) struct Parts {
    count: usize,
    key: String,
    variant: Option<&'static str>,
}

impl Parts {
    fn of(variant: &'static str) -> Self {
        Self {
            variant: Some(variant),
            ..Self::default()
        }
    }

    fn item(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Finding> {
        let index = self.count;
        self.count = index.saturating_add(1);
        self.part(value, &format_args!("[{index}]"))
    }

    fn field(&self, value: &(impl Serialize + ?Sized), key: &str) -> Result<(), Finding> {
        self.part(value, &format_args!(".{key}"))
    }

    fn part(&self, value: &(impl Serialize + ?Sized), part: &dyn Display) -> Result<(), Finding> {
        value.serialize(Search).map_err(|found| {
            let found = found.within(part);
            match self.variant {
                Some(variant) => found.within(&format_args!(".{variant}")),
                None => found,
            }
        })
    }
}

macro_rules! pass {
    ($($method:ident($kind:ty)),+ $(,)?) => {$(
        fn $method(self, _: $kind) -> Result<(), Finding> {
            Ok(())
        }
    )+};
}

impl Serializer for Search {
    type Ok = ();
    type Error = Finding;
    type SerializeSeq = Parts;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Parts;
    type SerializeMap = Parts;
    type SerializeStruct = Parts;
    type SerializeStructVariant = Parts;

    pass!(
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_i128(i128),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_u128(u128),
        serialize_char(char),
        serialize_str(&str),
        serialize_bytes(&[u8]),
        serialize_unit_struct(&'static str),
    );

    fn serialize_f32(self, number: f32) -> Result<(), Finding> {
        self.serialize_f64(number.into())
    }

    fn serialize_f64(self, number: f64) -> Result<(), Finding> {
        // Named here, since formatting floating-point numbers takes a lot of code.
        let name = match number {
            f64::INFINITY => "Infinity",
            f64::NEG_INFINITY => "-Infinity",
            other if other.is_nan() => "NaN",
            _ => return Ok(()),
        };
        Err(Finding {
            number: Some(name),
            place: String::new(),
        })
    }

    fn serialize_none(self) -> Result<(), Finding> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Finding> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Finding> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
    ) -> Result<(), Finding> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Finding> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Finding> {
        Parts::default().field(value, variant)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts, Finding> {
        Ok(Parts::default())
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts, Finding> {
        Ok(Parts::default())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts, Finding> {
        Ok(Parts::default())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts, Finding> {
        Ok(Parts::of(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts, Finding> {
        Ok(Parts::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts, Finding> {
        Ok(Parts::default())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts, Finding> {
        Ok(Parts::of(variant))
    }
}

macro_rules! list {
    ($($kind:ident::$method:ident),+ $(,)?) => {$(
        impl $kind for Parts {
            type Ok = ();
            type Error = Finding;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Finding> {
                self.item(value)
            }

            fn end(self) -> Result<(), Finding> {
                Ok(())
            }
        }
    )+};
}

list!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
);

macro_rules! object {
    ($($kind:ident),+ $(,)?) => {$(
        impl $kind for Parts {
            type Ok = ();
            type Error = Finding;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Finding> {
                self.field(value, key)
            }

            fn end(self) -> Result<(), Finding> {
                Ok(())
            }
        }
    )+};
}

object!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Parts {
    type Ok = ();
    type Error = Finding;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Finding> {
        let text = serde_json::to_string(key).unwrap_or_default();
        text.trim_matches('"').clone_into(&mut self.key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Finding> {
        self.field(value, &self.key)
    }

    fn end(self) -> Result<(), Finding> {
        Ok(())
    }
}
