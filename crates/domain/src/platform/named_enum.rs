//! Enums with stable names in storage and on the wire.

/// Declares an enum with `ALL`, `name` and `from_name`.
///
/// ```
/// abu_domain::named_enum! {
///     /// How a coin lies.
///     pub enum Side {
///         /// The face is up.
///         Heads => "heads",
///         /// The number is up.
///         Tails => "tails",
///     }
/// }
/// assert_eq!(Side::Tails.name(), "tails");
/// assert_eq!(Side::from_name("heads"), Some(Side::Heads));
/// assert_eq!(Side::ALL.len(), 2);
/// ```
#[macro_export]
macro_rules! named_enum {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $type:ident {
            $($(#[$variant_meta:meta])* $variant:ident => $name:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $visibility enum $type {
            $($(#[$variant_meta])* $variant,)*
        }

        impl $type {
            /// Every variant, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name in storage and on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The variant of that name; `None` for an unknown name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
