//! The table from use-case errors to problem documents.

/// Declares `From<Error> for Problem`. The variants after the error's name wrap an error with a
/// conversion of its own. A row names the problem of a variant, and the code of a conflict. A second
/// block has match arms for variants with data.
macro_rules! refusals {
    ($($error:ident: $($wrapped:ident),* {
        $($variant:ident => $kind:ident $(($code:literal))?, $detail:expr;)*
    } $({ $($arms:tt)* })?)*) => {$(
        impl From<$error> for $crate::problem::Problem {
            fn from(error: $error) -> Self {
                match error {
                    $($error::$wrapped(error) => error.into(),)*
                    $($error::$variant => {
                        Self::new($crate::problem::ProblemKind::$kind, $detail)$(.with_code($code))?
                    })*
                    $($($arms)*)?
                }
            }
        }
    )*};
}
pub(crate) use refusals;
