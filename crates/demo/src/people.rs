//! Sixty people.

use abu_application::{
    identity::ports::NewUser,
    platform::ports::{Ids, StoreError},
    store::Writes,
};
use abu_domain::{
    UserId,
    access::{ALUMNI_OFFICE_GROUP, APPLICANT_GROUP},
    platform::text::{EmailAddress, PersonName},
};
use chrono::{DateTime, TimeDelta, Utc};

pub(super) const COUNT: usize = 60;
/// Of the alumni office.
const OFFICER: usize = 12;

const FIRST_NAMES: [&str; 20] = [
    "Amina", "Musa", "Zainab", "Chidi", "Fatima", "Yusuf", "Ngozi", "Ibrahim", "Halima", "Tunde",
    "Maryam", "Emeka", "Hauwa", "Sani", "Blessing", "Umar", "Aisha", "Danjuma", "Rukayya", "Femi",
];

const LAST_NAMES: [&str; 15] = [
    "Bello", "Danladi", "Sani", "Okafor", "Abubakar", "Garba", "Eze", "Lawal", "Yakubu", "Adeyemi",
    "Shehu", "Nwosu", "Aliyu", "Gambo", "Ojo",
];

pub(super) struct People {
    ids: Vec<UserId>,
    registered_at: DateTime<Utc>,
}

/// Each pair of names once: 20 and 15 repeat together after 60.
pub(super) fn names(index: usize) -> (&'static str, &'static str) {
    let first = FIRST_NAMES[index % FIRST_NAMES.len()];
    let last = LAST_NAMES[index % LAST_NAMES.len()];
    (first, last)
}

#[expect(
    clippy::expect_used,
    reason = "a test parses every name and address of this file"
)]
pub(super) fn email(index: usize) -> EmailAddress {
    let (first, last) = names(index);
    let address = format!("{first}.{last}@demo.example.com").to_lowercase();
    EmailAddress::parse(&address).expect("an address of letters and dots is valid")
}

#[expect(
    clippy::expect_used,
    reason = "a test parses every name and address of this file"
)]
fn name(text: &str) -> PersonName {
    PersonName::parse(text).expect("a name of letters is valid")
}

impl People {
    pub(super) fn new(ids: &dyn Ids, now: DateTime<Utc>) -> Self {
        Self {
            ids: (0..COUNT).map(|_| UserId::new(ids.random())).collect(),
            registered_at: now - TimeDelta::days(9),
        }
    }

    /// The person's id; people repeat after the last.
    pub(super) fn id(&self, index: usize) -> UserId {
        self.ids[index % COUNT]
    }

    pub(super) fn ids(&self, indices: impl IntoIterator<Item = usize>) -> Vec<UserId> {
        indices.into_iter().map(|index| self.id(index)).collect()
    }

    pub(super) fn insert(&self, tx: &mut dyn Writes, hash: &str) -> Result<(), StoreError> {
        for (index, id) in self.ids.iter().enumerate() {
            let (first, last) = names(index);
            tx.insert_user(&NewUser {
                id: *id,
                email: email(index),
                password_hash: hash.to_owned(),
                firstname: name(first),
                middlename: None,
                lastname: name(last),
                phone: None,
                is_superuser: false,
                email_verified_at: Some(self.registered_at),
                email_awaits_proof: false,
                created_at: self.registered_at,
            })?;
            tx.add_to_group(*id, APPLICANT_GROUP)?;
            if index == OFFICER {
                tx.add_to_group(*id, ALUMNI_OFFICE_GROUP)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn all_people_have_valid_names_and_addresses_of_their_own() {
        let addresses: BTreeSet<String> = (0..COUNT)
            .map(|index| {
                let (first, last) = names(index);
                name(first);
                name(last);
                email(index).as_str().to_owned()
            })
            .collect();
        assert_eq!(addresses.len(), COUNT);
        assert_eq!(email(0).as_str(), super::super::FIRST_EMAIL);
        assert_eq!(email(OFFICER).as_str(), super::super::OFFICE_EMAIL);
    }
}
