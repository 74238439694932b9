//! How a value of a payload is read and written, and how a broken rule is traced to its field.
//!
//! serde's own errors speak of Rust types, lines and columns. A client has to hear which field broke
//! which rule, so each value reads itself through [`Wire`] and notes its rule on the way out; the
//! fields and lists around it add the path. A payload that is in order pays nothing for it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU64;

use chrono::{DateTime, Utc};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

use crate::{Profile, RoomId, UserId};

/// A value that travels inside a payload.
pub(crate) trait Wire: Sized {
    /// Reads the value; where it cannot, `broken` tells the rule and the way to it.
    fn read<'de, D: Deserializer<'de>>(input: D, broken: &mut BrokenRule)
    -> Result<Self, D::Error>;

    /// Writes the value as `profile` shows it.
    fn write<S: Serializer>(&self, profile: Profile, output: S) -> Result<S::Ok, S::Error>;

    /// What a field that is not there means; `None` where it has to be there.
    fn when_left_out() -> Option<Self> {
        None
    }

    /// Whether a field with this value is left out when written.
    fn is_left_out(&self) -> bool {
        false
    }
}

/// The rule a payload breaks and the path to the value that breaks it.
#[derive(Debug, Default)]
pub(crate) struct BrokenRule {
    rule: Option<&'static str>,
    /// Innermost step first: it is noted while the error travels outwards.
    path: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Field(&'static str),
    Index(usize),
}

impl BrokenRule {
    /// Keeps the first rule noted: the innermost is the one that tells the client most.
    pub(crate) fn note(&mut self, rule: &'static str) {
        self.rule.get_or_insert(rule);
    }

    fn inside(&mut self, step: Step) {
        self.path.push(step);
    }

    /// The dotted path and the rule; `None` when the fault lies in no field.
    pub(crate) fn into_parts(self) -> Option<(String, &'static str)> {
        let steps: Vec<String> = self.path.iter().rev().map(Step::to_string).collect();
        (!steps.is_empty()).then_some((steps.join("."), self.rule?))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

/// Text that is borrowed from the input where it holds no escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Reads a [`Wire`] value one step further down the path.
struct Inside<'b, T> {
    step: Step,
    broken: &'b mut BrokenRule,
    value: PhantomData<T>,
}

impl<'de, T: Wire> DeserializeSeed<'de> for Inside<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<T, D::Error> {
        T::read(input, self.broken).inspect_err(|_| self.broken.inside(self.step))
    }
}

/// A value borrowed for writing, as one profile shows it.
pub(crate) struct Shown<'a, T> {
    pub(crate) value: &'a T,
    pub(crate) profile: Profile,
}

impl<T: Wire> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        self.value.write(self.profile, output)
    }
}

/// Values that serde reads and writes well by itself, each with the rule it enforces.
macro_rules! plain_values {
    ($( $type:ty: $rule:literal, )*) => { $(
        impl Wire for $type {
            fn read<'de, D: Deserializer<'de>>(
                input: D,
                broken: &mut BrokenRule,
            ) -> Result<Self, D::Error> {
                Self::deserialize(input).inspect_err(|_| broken.note($rule))
            }

            fn write<S: Serializer>(&self, _: Profile, output: S) -> Result<S::Ok, S::Error> {
                self.serialize(output)
            }
        }
    )* };
}

// JavaScript can cut an emoji in half and send the half as an escape: a string, but not Unicode.
plain_values! {
    bool: "must be true or false",
    u64: "must be a whole number of at least 0",
    NonZeroU64: "must be a whole number of at least 1",
    String: "must be a string of valid Unicode",
    RoomId: "must be a string of valid Unicode",
    UserId: "must be a string of valid Unicode",
    DateTime<Utc>: "must be a time in RFC 3339 form",
}

/// A string out of a set of words.
pub(crate) trait Word: Sized {
    /// What a client hears when its word is not in the set.
    const RULE: &'static str;

    /// The value this word stands for.
    fn from_word(word: &str) -> Option<Self>;

    /// The word this value is written as.
    fn word(&self) -> &str;
}

impl<T: Word> Wire for T {
    fn read<'de, D: Deserializer<'de>>(
        input: D,
        broken: &mut BrokenRule,
    ) -> Result<Self, D::Error> {
        Text::deserialize(input)
            .and_then(|Text(word)| T::from_word(&word).ok_or_else(|| D::Error::custom(T::RULE)))
            .inspect_err(|_| broken.note(T::RULE))
    }

    fn write<S: Serializer>(&self, _: Profile, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(self.word())
    }
}

/// `null` counts as left out.
impl<T: Wire> Wire for Option<T> {
    fn read<'de, D: Deserializer<'de>>(
        input: D,
        broken: &mut BrokenRule,
    ) -> Result<Self, D::Error> {
        struct Optional<'b, T>(&'b mut BrokenRule, PhantomData<T>);

        impl<'de, T: Wire> Visitor<'de> for Optional<'_, T> {
            type Value = Option<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or null")
            }

            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
                T::read(input, self.0).map(Some)
            }
        }

        input.deserialize_option(Optional(broken, PhantomData))
    }

    fn write<S: Serializer>(&self, profile: Profile, output: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(profile, output),
            None => output.serialize_none(),
        }
    }

    fn when_left_out() -> Option<Self> {
        Some(None)
    }

    fn is_left_out(&self) -> bool {
        self.is_none()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(
        input: D,
        broken: &mut BrokenRule,
    ) -> Result<Self, D::Error> {
        struct List<'b, T>(&'b mut BrokenRule, PhantomData<T>);

        impl<'de, T: Wire> Visitor<'de> for List<'_, T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = list.next_element_seed(Inside {
                    step: Step::Index(entries.len()),
                    broken: self.0,
                    value: PhantomData,
                })? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }

        input
            .deserialize_seq(List(broken, PhantomData))
            .inspect_err(|_| broken.note("must be a list"))
    }

    fn write<S: Serializer>(&self, profile: Profile, output: S) -> Result<S::Ok, S::Error> {
        let mut list = output.serialize_seq(Some(self.len()))?;
        for value in self {
            list.serialize_element(&Shown { value, profile })?;
        }
        list.end()
    }
}

/// A struct whose fields stand in a JSON object; [`payload!`] implements it.
pub(crate) trait Fields: Sized {
    fn read_fields<'de, A: MapAccess<'de>>(
        object: A,
        broken: &mut BrokenRule,
    ) -> Result<Self, A::Error>;
}

/// Reads a JSON object, and nothing else, into a struct. (A derived `Deserialize` would also take a
/// list with the values in the order of the fields.)
pub(crate) fn read_object<'de, T: Fields, D: Deserializer<'de>>(
    input: D,
    broken: &mut BrokenRule,
) -> Result<T, D::Error> {
    struct Object<'b, T>(&'b mut BrokenRule, PhantomData<T>);

    impl<'de, T: Fields> Visitor<'de> for Object<'_, T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
            T::read_fields(object, self.0)
        }
    }

    input
        .deserialize_map(Object(broken, PhantomData))
        .inspect_err(|_| broken.note("must be an object"))
}

/// Reads the value of the field `name` into `slot`.
pub(crate) fn read_field<'de, T: Wire, A: MapAccess<'de>>(
    name: &'static str,
    slot: &mut Option<T>,
    object: &mut A,
    broken: &mut BrokenRule,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(refuse(name, "must be given only once", broken));
    }
    *slot = Some(object.next_value_seed(Inside {
        step: Step::Field(name),
        broken,
        value: PhantomData,
    })?);
    Ok(())
}

/// The value of the field `name` once its object has been read.
pub(crate) fn finish_field<T: Wire, E: serde::de::Error>(
    name: &'static str,
    slot: Option<T>,
    broken: &mut BrokenRule,
) -> Result<T, E> {
    slot.or_else(T::when_left_out)
        .ok_or_else(|| refuse(name, "is required", broken))
}

fn refuse<E: serde::de::Error>(
    name: &'static str,
    rule: &'static str,
    broken: &mut BrokenRule,
) -> E {
    broken.note(rule);
    broken.inside(Step::Field(name));
    E::custom(rule)
}

/// Defines a payload: a public struct of [`Wire`] values that reads itself from a JSON object and
/// writes itself into one.
///
/// An `Option` that is `None` is left out when written; a field marked `= always` is written as
/// `null` instead. A field marked `= spoken` is what a person said: `Debug` tells its length alone,
/// because it has no place in a log. Every `write` knows the profile, so a mark for fields that only
/// a newer profile shows is one more arm of `@is_shown`.
macro_rules! payload {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident: $type:ty $(= $mark:ident)?, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let mut object = f.debug_struct(stringify!($name));
                $( object.field(stringify!($field), payload!(@debug $($mark)? self.$field)); )*
                object.finish()
            }
        }

        impl $crate::wire::Fields for $name {
            fn read_fields<'de, A: ::serde::de::MapAccess<'de>>(
                mut object: A,
                broken: &mut $crate::wire::BrokenRule,
            ) -> Result<Self, A::Error> {
                $( let mut $field: Option<$type> = None; )*
                while let Some($crate::wire::Text(key)) = object.next_key()? {
                    match &*key {
                        $( stringify!($field) => $crate::wire::read_field(
                            stringify!($field), &mut $field, &mut object, broken,
                        )?, )*
                        _ => {
                            object.next_value::<::serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Self {
                    $( $field: $crate::wire::finish_field(stringify!($field), $field, broken)?, )*
                })
            }
        }

        impl $crate::wire::Wire for $name {
            fn read<'de, D: ::serde::Deserializer<'de>>(
                input: D,
                broken: &mut $crate::wire::BrokenRule,
            ) -> Result<Self, D::Error> {
                $crate::wire::read_object(input, broken)
            }

            fn write<S: ::serde::Serializer>(
                &self,
                profile: $crate::Profile,
                output: S,
            ) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeMap as _;
                let mut object = output.serialize_map(None)?;
                $( if payload!(@is_shown $($mark)? self.$field) {
                    let shown = $crate::wire::Shown { value: &self.$field, profile };
                    object.serialize_entry(stringify!($field), &shown)?;
                } )*
                object.end()
            }
        }
    };
    (@debug spoken $value:expr) => { &format_args!("{} bytes", $value.len()) };
    (@debug always $value:expr) => { &$value };
    (@debug $value:expr) => { &$value };
    (@is_shown spoken $value:expr) => { true };
    (@is_shown always $value:expr) => { true };
    (@is_shown $value:expr) => { !$crate::wire::Wire::is_left_out(&$value) };
}
