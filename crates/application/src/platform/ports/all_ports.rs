/// Declares a trait that is all of the named ports, for the trait objects of the store.
macro_rules! all_ports {
    ($($(#[$doc:meta])* $all:ident: $($port:path,)*;)*) => {$(
        $(#[$doc])*
        pub trait $all: $($port +)* {}

        impl<T: $($port +)*> $all for T {}
    )*};
}

pub(crate) use all_ports;
