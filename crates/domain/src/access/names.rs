use std::{
    convert::Infallible,
    fmt::{self, Debug, Display},
};

use crate::platform::text::Violation;

/// The name of a [`NamedSet`](super::NamedSet). Its type tells permissions, roles and groups apart.
pub trait AccessName: Clone + Debug + Display + Ord + Send + Sync + 'static {
    /// The type of the names that the set contains.
    type Part: AccessName;

    /// Parses a name without changing its case.
    ///
    /// # Errors
    /// `name.form` unless it has 3 to 64 of the characters `a` to `z`, `0` to `9` and `_`.
    fn parse(text: &str) -> Result<Self, Violation>;

    /// Wraps a name that was parsed before it was stored; `None` for a type without names.
    fn from_storage(text: String) -> Option<Self>;

    /// The name as text.
    fn as_str(&self) -> &str;
}

/// The part type of permissions, which contain nothing.
impl AccessName for Infallible {
    type Part = Self;

    fn parse(_text: &str) -> Result<Self, Violation> {
        Err(FORM)
    }

    fn from_storage(_text: String) -> Option<Self> {
        None
    }

    fn as_str(&self) -> &str {
        match *self {}
    }
}

const FORM: Violation = Violation {
    code: "name.form",
    rule: "must have 3 to 64 of the characters a to z, 0 to 9 and _",
};

fn parse(text: &str) -> Result<String, Violation> {
    let allowed = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'_');
    if (3..=64).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(FORM)
    }
}

macro_rules! access_name {
    ($(#[$doc:meta])* $name:ident of $part:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Parses a name without changing its case: a name has one spelling.
            ///
            /// # Errors
            /// `name.form` unless it has 3 to 64 of the characters `a` to `z`, `0` to `9` and `_`.
            pub fn parse(text: &str) -> Result<Self, Violation> {
                parse(text).map(Self)
            }

            /// Wraps a name that was parsed before it was stored.
            pub fn from_storage(text: String) -> Self {
                Self(text)
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AccessName for $name {
            type Part = $part;

            fn parse(text: &str) -> Result<Self, Violation> {
                Self::parse(text)
            }

            fn from_storage(text: String) -> Option<Self> {
                Some(Self(text))
            }

            fn as_str(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

access_name!(
    /// The name of a permission, such as `can_view_user`.
    PermissionName of Infallible
);
access_name!(
    /// The name of a role, such as `user_admin`.
    RoleName of PermissionName
);
access_name!(
    /// The name of a group, such as `super_admin_group`.
    GroupName of RoleName
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Permission, SEEDED_GROUPS, SEEDED_ROLES};

    #[test]
    fn names_are_of_few_characters_and_neither_short_nor_long() {
        for name in ["abc", "can_view_user", "class_of_2015", &"x".repeat(64)] {
            assert_eq!(RoleName::parse(name).unwrap().as_str(), name);
        }
        let long = "x".repeat(65);
        for name in [
            "",
            "ab",
            &long,
            "User_Admin",
            "user admin",
            " abc",
            "a-b-c",
            "abc\0",
            "äbc",
        ] {
            assert!(RoleName::parse(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn every_seeded_name_is_one() {
        for permission in Permission::ALL {
            PermissionName::parse(permission.name()).unwrap();
        }
        for role in SEEDED_ROLES {
            RoleName::parse(role.name).unwrap();
        }
        for group in SEEDED_GROUPS {
            GroupName::parse(group.name).unwrap();
        }
    }
}
