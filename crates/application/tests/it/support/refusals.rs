use std::{collections::BTreeSet, fmt::Debug};

use abu_application::{
    access::{AccessError, AssignmentError, RightsError},
    identity::{accounts::AccountError, passwords::SendResetError},
};
use abu_domain::access::Permission;

/// Asserts that the result is an error of this pattern.
macro_rules! assert_refused {
    ($result:expr, $pattern:pat $(if $guard:expr)?) => {
        match $result {
            Err($pattern) $(if $guard)? => {}
            other => panic!("expected {}: {other:?}", stringify!($pattern)),
        }
    };
}

pub(crate) use assert_refused;

/// An error that may be a refusal by [`AccessError`].
pub(crate) trait Refusal: Debug {
    fn access(&self) -> Option<&AccessError>;
}

macro_rules! refusals {
    ($($error:ident),*) => {
        $(impl Refusal for $error {
            fn access(&self) -> Option<&AccessError> {
                match self {
                    Self::Access(error) => Some(error),
                    _ => None,
                }
            }
        })*
    };
}

refusals!(RightsError, AssignmentError, AccountError, SendResetError);

/// Asserts that the call was refused because the caller lacks exactly these permissions.
#[track_caller]
pub(crate) fn assert_lacks<T: Debug, E: Refusal>(result: Result<T, E>, permissions: &[Permission]) {
    let error = result.unwrap_err();
    let Some(AccessError::Beyond(missing)) = error.access() else {
        panic!("not refused for permissions that are missing: {error:?}");
    };
    let expected: BTreeSet<String> = permissions
        .iter()
        .map(|permission| permission.name().to_owned())
        .collect();
    assert_eq!(*missing, expected);
}
