use std::fmt;

use crate::platform::text::Violation;

/// The one form of all access names.
fn parse(text: &str) -> Result<String, Violation> {
    let allowed = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'_');
    if (3..=64).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(Violation {
            code: "name.form",
            rule: "must have 3 to 64 of the characters a to z, 0 to 9 and _",
        })
    }
}

macro_rules! access_name {
    ($(#[$doc:meta])* $name:ident) => {
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

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
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
    PermissionName
);
access_name!(
    /// The name of a role, such as `user_admin`.
    RoleName
);
access_name!(
    /// The name of a group, such as `super_admin_group`.
    GroupName
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
