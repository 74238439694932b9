//! Profile-aware serialization of payloads, with validation errors that carry the path of the field.
//!
//! serde's own errors speak of Rust types, lines and columns. A client needs the field and the rule that
//! it broke, so each value reads itself through [`Wire`] and notes its rule on the way out; the fields
//! and lists around it add the path. A valid payload pays nothing for it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU64;

use chrono::{DateTime, Utc};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

#[cfg(feature = "schema")]
use schemars::{Schema, SchemaGenerator};

use crate::Profile;

/// A type with a JSON Schema, where those are built.
#[cfg(feature = "schema")]
pub(crate) trait Described: schemars::JsonSchema {}
#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> Described for T {}
#[cfg(not(feature = "schema"))]
pub(crate) trait Described: Sized {}
#[cfg(not(feature = "schema"))]
impl<T> Described for T {}

/// A value that travels inside a payload.
pub(crate) trait Wire: Sized {
    /// Reads the value; where it cannot, `reading` tells the rule and the way to it.
    fn read<'de, D: Deserializer<'de>>(input: D, reading: &mut Reading) -> Result<Self, D::Error>;

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

    /// What JSON the value is, as the newest profile shows it.
    #[cfg(feature = "schema")]
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

/// What is known while a payload is read: for which profile, and once it breaks a rule, which rule
/// and where.
#[derive(Debug)]
pub(crate) struct Reading {
    profile: Profile,
    rule: Option<&'static str>,
    /// Innermost step first: it is noted while the error travels outwards.
    path: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Field(&'static str),
    Index(usize),
}

impl Reading {
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            rule: None,
            path: Vec::new(),
        }
    }

    /// Whether the payload is read for `profile` or a newer one.
    pub(crate) fn knows(&self, profile: Profile) -> bool {
        self.profile >= profile
    }

    /// Keeps the first rule noted: the innermost is the one that tells the client most.
    pub(crate) fn note(&mut self, rule: &'static str) {
        self.rule.get_or_insert(rule);
    }

    fn inside(&mut self, step: Step) {
        self.path.push(step);
    }

    /// The dotted path and the rule broken; `None` when the fault lies in no field.
    pub(crate) fn into_broken_rule(self) -> Option<(String, &'static str)> {
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
    reading: &'b mut Reading,
    value: PhantomData<T>,
}

impl<'de, T: Wire> DeserializeSeed<'de> for Inside<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<T, D::Error> {
        T::read(input, self.reading).inspect_err(|_| self.reading.inside(self.step))
    }
}

/// Reads a value with everything the newest profile has.
pub(crate) fn read_newest<'de, T: Wire, D: Deserializer<'de>>(input: D) -> Result<T, D::Error> {
    T::read(input, &mut Reading::new(Profile::NEWEST))
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

/// Values that serde reads and writes well by itself, each with the rule it enforces and the JSON it
/// is.
macro_rules! plain_values {
    ($( $type:ty: $rule:literal, $schema:tt; )*) => { $(
        impl Wire for $type {
            fn read<'de, D: Deserializer<'de>>(
                input: D,
                reading: &mut Reading,
            ) -> Result<Self, D::Error> {
                Self::deserialize(input).inspect_err(|_| reading.note($rule))
            }

            fn write<S: Serializer>(&self, _: Profile, output: S) -> Result<S::Ok, S::Error> {
                self.serialize(output)
            }

            #[cfg(feature = "schema")]
            fn schema(_: &mut SchemaGenerator) -> Schema {
                schemars::json_schema!($schema)
            }
        }
    )* };
}

// JavaScript can cut an emoji in half and send the half as an escape: a string, but not Unicode.
plain_values! {
    bool: "must be true or false", {"type": "boolean"};
    u64: "must be a whole number of at least 0", {"type": "integer", "minimum": 0};
    NonZeroU64: "must be a whole number of at least 1", {"type": "integer", "minimum": 1};
    String: "must be a string of valid Unicode", {"type": "string"};
    DateTime<Utc>: "must be a time in RFC 3339 form", {"type": "string", "format": "date-time"};
}

/// In the hyphenated form alone, so that what is written back is what the client has.
impl Wire for Uuid {
    fn read<'de, D: Deserializer<'de>>(input: D, reading: &mut Reading) -> Result<Self, D::Error> {
        const RULE: &str = "must be a UUID with hyphens";
        Text::deserialize(input)
            .and_then(|Text(text)| {
                let id = Self::try_parse(&text).ok();
                id.filter(|_| text.len() == Hyphenated::LENGTH)
                    .ok_or_else(|| D::Error::custom(RULE))
            })
            .inspect_err(|_| reading.note(RULE))
    }

    fn write<S: Serializer>(&self, _: Profile, output: S) -> Result<S::Ok, S::Error> {
        self.serialize(output)
    }

    #[cfg(feature = "schema")]
    fn schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({"type": "string", "format": "uuid"})
    }
}

/// A string out of a set of words; [`closed_words!`] and [`open_words!`] implement it.
pub(crate) trait Word: Sized + Described {
    /// What a client hears when its word is not in the set.
    const RULE: &'static str;

    /// The value this word stands for.
    fn from_word(word: &str) -> Option<Self>;

    /// The word this value is written as.
    fn word(&self) -> &str;
}

impl<T: Word> Wire for T {
    fn read<'de, D: Deserializer<'de>>(input: D, reading: &mut Reading) -> Result<Self, D::Error> {
        Text::deserialize(input)
            .and_then(|Text(word)| T::from_word(&word).ok_or_else(|| D::Error::custom(T::RULE)))
            .inspect_err(|_| reading.note(T::RULE))
    }

    fn write<S: Serializer>(&self, _: Profile, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(self.word())
    }

    #[cfg(feature = "schema")]
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }
}

/// `null` counts as left out.
impl<T: Wire> Wire for Option<T> {
    fn read<'de, D: Deserializer<'de>>(input: D, reading: &mut Reading) -> Result<Self, D::Error> {
        struct Optional<'b, T>(&'b mut Reading, PhantomData<T>);

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

        input.deserialize_option(Optional(reading, PhantomData))
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

    #[cfg(feature = "schema")]
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(input: D, reading: &mut Reading) -> Result<Self, D::Error> {
        struct List<'b, T>(&'b mut Reading, PhantomData<T>);

        impl<'de, T: Wire> Visitor<'de> for List<'_, T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = list.next_element_seed(Inside {
                    step: Step::Index(entries.len()),
                    reading: self.0,
                    value: PhantomData,
                })? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }

        input
            .deserialize_seq(List(reading, PhantomData))
            .inspect_err(|_| reading.note("must be a list"))
    }

    fn write<S: Serializer>(&self, profile: Profile, output: S) -> Result<S::Ok, S::Error> {
        let mut list = output.serialize_seq(Some(self.len()))?;
        for value in self {
            list.serialize_element(&Shown { value, profile })?;
        }
        list.end()
    }

    #[cfg(feature = "schema")]
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({"type": "array", "items": T::schema(generator)})
    }
}

/// A struct whose fields stand in a JSON object; [`payload!`] implements it.
pub(crate) trait Fields: Sized {
    fn read_fields<'de, A: MapAccess<'de>>(
        object: A,
        reading: &mut Reading,
    ) -> Result<Self, A::Error>;
}

/// Reads a JSON object, and nothing else, into a struct. (A derived `Deserialize` would also take a
/// list with the values in the order of the fields.)
pub(crate) fn read_object<'de, T: Fields, D: Deserializer<'de>>(
    input: D,
    reading: &mut Reading,
) -> Result<T, D::Error> {
    struct Object<'b, T>(&'b mut Reading, PhantomData<T>);

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
        .deserialize_map(Object(reading, PhantomData))
        .inspect_err(|_| reading.note("must be an object"))
}

/// Reads the value of the field `name` into `slot`.
pub(crate) fn read_field<'de, T: Wire, A: MapAccess<'de>>(
    name: &'static str,
    slot: &mut Option<T>,
    object: &mut A,
    reading: &mut Reading,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(refuse(name, "must be given only once", reading));
    }
    *slot = Some(object.next_value_seed(Inside {
        step: Step::Field(name),
        reading,
        value: PhantomData,
    })?);
    Ok(())
}

/// The value of the field `name` once its object has been read.
pub(crate) fn finish_field<T: Wire, E: serde::de::Error>(
    name: &'static str,
    slot: Option<T>,
    reading: &mut Reading,
) -> Result<T, E> {
    slot.or_else(T::when_left_out)
        .ok_or_else(|| refuse(name, "is required", reading))
}

/// The list in the field `name`, where it has 1 to `most` entries.
pub(crate) fn finish_bounded<T: Wire, E: serde::de::Error>(
    name: &'static str,
    slot: Option<Vec<T>>,
    most: usize,
    rule: &'static str,
    reading: &mut Reading,
) -> Result<Vec<T>, E> {
    let list = finish_field(name, slot, reading)?;
    if list.is_empty() || list.len() > most {
        return Err(refuse(name, rule, reading));
    }
    Ok(list)
}

/// Whether a value is what a field that is left out means.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn refuse<E: serde::de::Error>(name: &'static str, rule: &'static str, reading: &mut Reading) -> E {
    reading.note(rule);
    reading.inside(Step::Field(name));
    E::custom(format_args!("`{name}` {rule}"))
}

/// Implements serde's traits for a [`Wire`] type, in the form of the newest profile.
macro_rules! impl_serde {
    ($name:ident) => {
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                $crate::wire::Wire::write(self, $crate::Profile::NEWEST, output)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                $crate::wire::read_newest(input)
            }
        }
    };
}

/// Defines a payload: a public struct of [`Wire`] values that reads itself from a JSON object and
/// writes itself into one, with a JSON Schema where those are built.
///
/// An `Option` that is `None` is left out when written. A mark says what else holds of a field:
///
/// | mark | the field |
/// |---|---|
/// | `always` | an `Option` that is written as `null` when it is `None` |
/// | `sparse` | is left out where it is the default, as `false` or an empty list |
/// | `v2` | is known from profile v2 on, and left out where it is the default |
/// | `promised` | the same, but always there in v2: `None` is for v1 |
/// | `spoken` | is what a person said: `Debug` tells its length alone, because it has no place in a log; `spoken(n)` has 1 to n characters, which the server enforces |
/// | `secret` | is not shown by `Debug` at all |
/// | `bounded(n, "rule")` | is a list of 1 to n entries |
macro_rules! payload {
    (
        $(#[doc = $doc:expr])*
        pub struct $name:ident {
            $(
                $(#[doc = $field_doc:expr])*
                pub $field:ident: $type:ty $(= $mark:ident $(($($arg:tt)*))?)?,
            )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[doc = $field_doc])* pub $field: $type, )*
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let mut object = f.debug_struct(stringify!($name));
                $( object.field(stringify!($field), payload!(@debug (self.$field) $($mark)?)); )*
                object.finish()
            }
        }

        impl $crate::wire::Fields for $name {
            fn read_fields<'de, A: ::serde::de::MapAccess<'de>>(
                mut object: A,
                reading: &mut $crate::wire::Reading,
            ) -> Result<Self, A::Error> {
                $( let mut $field: Option<$type> = None; )*
                while let Some($crate::wire::Text(key)) = object.next_key()? {
                    match &*key {
                        $( stringify!($field) if payload!(@is_known (reading) $($mark)?) => {
                            $crate::wire::read_field(
                                stringify!($field), &mut $field, &mut object, reading,
                            )?;
                        } )*
                        _ => {
                            object.next_value::<::serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Self {
                    $( $field: payload!(
                        @finish (stringify!($field), $field, reading) $($mark $(($($arg)*))?)?
                    ), )*
                })
            }
        }

        impl $crate::wire::Wire for $name {
            fn read<'de, D: ::serde::Deserializer<'de>>(
                input: D,
                reading: &mut $crate::wire::Reading,
            ) -> Result<Self, D::Error> {
                $crate::wire::read_object(input, reading)
            }

            fn write<S: ::serde::Serializer>(
                &self,
                profile: $crate::Profile,
                output: S,
            ) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeMap as _;
                let mut object = output.serialize_map(None)?;
                $( if payload!(@is_shown (self.$field, profile) $($mark)?) {
                    let shown = $crate::wire::Shown { value: &self.$field, profile };
                    object.serialize_entry(stringify!($field), &shown)?;
                } )*
                object.end()
            }

            #[cfg(feature = "schema")]
            fn schema(generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                generator.subschema_for::<Self>()
            }
        }

        impl_serde!($name);

        #[cfg(feature = "schema")]
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                let fields = vec![ $( $crate::schema::Field {
                    name: stringify!($field),
                    doc: &[$($field_doc),*],
                    schema: <$type as $crate::wire::Wire>::schema(generator),
                    is_required: <$type as $crate::wire::Wire>::when_left_out().is_none(),
                    marks: payload!(@marks $($mark $(($($arg)*))?)?),
                } ),* ];
                $crate::schema::object(&[$($doc),*], fields)
            }
        }
    };

    (@debug ($value:expr) spoken) => { &format_args!("{} bytes", $value.len()) };
    (@debug ($value:expr) secret) => { &format_args!("hidden") };
    (@debug ($value:expr) $($mark:ident)?) => { &$value };

    (@is_known ($reading:ident) v2) => { $reading.knows($crate::Profile::V2) };
    (@is_known ($reading:ident) promised) => { $reading.knows($crate::Profile::V2) };
    (@is_known ($reading:ident) $($mark:ident)?) => { true };

    (@finish ($name:expr, $slot:ident, $reading:ident) v2) => { $slot.unwrap_or_default() };
    (@finish ($name:expr, $slot:ident, $reading:ident) promised) => { $slot.unwrap_or_default() };
    (@finish ($name:expr, $slot:ident, $reading:ident) sparse) => { $slot.unwrap_or_default() };
    (@finish ($name:expr, $slot:ident, $reading:ident) bounded($most:expr, $rule:literal)) => {
        $crate::wire::finish_bounded($name, $slot, $most, $rule, $reading)?
    };
    (@finish ($name:expr, $slot:ident, $reading:ident) $($mark:ident $(($($arg:tt)*))?)?) => {
        $crate::wire::finish_field($name, $slot, $reading)?
    };

    (@is_shown ($value:expr, $profile:ident) always) => { true };
    (@is_shown ($value:expr, $profile:ident) sparse) => { !$crate::wire::is_default(&$value) };
    (@is_shown ($value:expr, $profile:ident) v2) => {
        $profile >= $crate::Profile::V2 && !$crate::wire::is_default(&$value)
    };
    (@is_shown ($value:expr, $profile:ident) promised) => {
        payload!(@is_shown ($value, $profile) v2)
    };
    (@is_shown ($value:expr, $profile:ident) $($mark:ident)?) => {
        !$crate::wire::Wire::is_left_out(&$value)
    };

    (@marks always) => { &[$crate::schema::Mark::Always] };
    (@marks sparse) => { &[$crate::schema::Mark::Sparse] };
    (@marks v2) => { &[$crate::schema::Mark::Sparse, $crate::schema::Mark::Since($crate::Profile::V2)] };
    (@marks promised) => { &[$crate::schema::Mark::Promised, $crate::schema::Mark::Since($crate::Profile::V2)] };
    (@marks spoken($most:expr)) => { &[$crate::schema::Mark::Characters($most)] };
    (@marks bounded($most:expr, $rule:literal)) => { &[$crate::schema::Mark::Entries($most)] };
    (@marks $($mark:ident)?) => { &[] };
}

/// Defines an enum of words out of which one has to be chosen. Any other word breaks the rule.
macro_rules! closed_words {
    (
        $(#[doc = $doc:expr])*
        pub enum $name:ident, $rule:literal {
            $( $(#[doc = $word_doc:expr])* $variant:ident = $word:literal, )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( #[doc = concat!("`", $word, "`:")] $(#[doc = $word_doc])* $variant, )*
        }

        impl $crate::wire::Word for $name {
            const RULE: &'static str = $rule;

            fn from_word(word: &str) -> Option<Self> {
                match word {
                    $( $word => Some(Self::$variant), )*
                    _ => None,
                }
            }

            fn word(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )*
                }
            }
        }

        impl_serde!($name);

        #[cfg(feature = "schema")]
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                let words: &[(&str, &[&str])] = &[$( ($word, &[$($word_doc),*]) ),*];
                $crate::schema::closed_words(&[$($doc),*], words)
            }
        }
    };
}

/// Defines an enum of words to which more may be added: one that is not known is kept as it came.
macro_rules! open_words {
    (
        $(#[doc = $doc:expr])*
        pub enum $name:ident {
            $( $(#[doc = $word_doc:expr])* $variant:ident = $word:literal, )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( #[doc = concat!("`", $word, "`:")] $(#[doc = $word_doc])* $variant, )*
            /// A word that this crate does not know, kept as it came.
            Other(String),
        }

        impl $name {
            /// Every word this crate knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),*];

            /// The word as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $( $word => Self::$variant, )*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl $crate::wire::Word for $name {
            const RULE: &'static str = "must be a string of valid Unicode";

            fn from_word(word: &str) -> Option<Self> {
                Some(word.into())
            }

            fn word(&self) -> &str {
                self.as_str()
            }
        }

        impl_serde!($name);

        #[cfg(feature = "schema")]
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                let words: &[(&str, &[&str])] = &[$( ($word, &[$($word_doc),*]) ),*];
                $crate::schema::open_words(&[$($doc),*], words)
            }
        }
    };
}
