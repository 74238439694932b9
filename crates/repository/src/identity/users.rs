//! Accounts.

use abu_application::{
    identity::ports::{Credentials, NewUser, UserFilter, UserReads, UserWrites},
    platform::{
        lists::{Seek, TimePosition, Total},
        ports::StoreError,
    },
};
use abu_domain::{
    UserId,
    access::{GroupName, Membership},
    identity::{
        text::PhoneNumber,
        user::{User, Verification},
    },
    platform::text::{EmailAddress, PersonName},
};
use chrono::{DateTime, Utc};
use diesel::{
    dsl::{array, auto_type, exists, now as moment, sql as literal},
    expression::{ValidGrouping, is_aggregate},
    pg::Pg,
    prelude::*,
    sql_types::{Array, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{
    error::{BadRow, Failure},
    like,
    lists::{in_list_order, newest_first, total},
    schema::{groups, user_emails, user_group, users},
    sql::sql,
    store::Session,
};

diesel::define_sql_function! {
    /// Matches the indexes on addresses and names.
    fn lower(text: Text) -> Text;
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Pg))]
struct UserRow {
    id: Uuid,
    email: String,
    firstname: String,
    middlename: Option<String>,
    lastname: String,
    phone: Option<String>,
    is_active: bool,
    is_superuser: bool,
    verification: String,
    #[diesel(select_expression = array(group_names()))]
    #[diesel(select_expression_type = array<Text, group_names>)]
    groups: Vec<String>,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

#[auto_type]
fn group_names() -> _ {
    user_group::table
        .inner_join(groups::table)
        .filter(user_group::user_id.eq(users::id))
        .filter(runs())
        .order(groups::name)
        .select(groups::name)
}

/// Whether a membership has not ended.
#[auto_type]
fn runs() -> _ {
    user_group::valid_until
        .is_null()
        .or(user_group::valid_until.gt(moment))
}

impl TryFrom<UserRow> for User {
    type Error = BadRow;

    fn try_from(row: UserRow) -> Result<Self, BadRow> {
        Ok(Self {
            id: row.id.into(),
            email: EmailAddress::from_storage(row.email),
            firstname: PersonName::from_storage(row.firstname),
            middlename: row.middlename.map(PersonName::from_storage),
            lastname: PersonName::from_storage(row.lastname),
            phone: row.phone.map(PhoneNumber::from_storage),
            is_active: row.is_active,
            is_superuser: row.is_superuser,
            verification: Verification::from_name(&row.verification).ok_or(BadRow {
                column: "users.verification",
                id: row.id,
            })?,
            groups: row.groups,
            created_at: row.created_at,
            last_modified: row.last_modified,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = users)]
struct NewUserRow<'a> {
    id: Uuid,
    email: &'a str,
    password_hash: &'a str,
    firstname: &'a str,
    middlename: Option<&'a str>,
    lastname: &'a str,
    phone: Option<&'a str>,
    is_superuser: bool,
    created_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

impl<'a> From<&'a NewUser> for NewUserRow<'a> {
    fn from(user: &'a NewUser) -> Self {
        Self {
            id: user.id.uuid(),
            email: user.email.as_str(),
            password_hash: &user.password_hash,
            firstname: user.firstname.as_str(),
            middlename: user.middlename.as_ref().map(PersonName::as_str),
            lastname: user.lastname.as_str(),
            phone: user.phone.as_ref().map(PhoneNumber::as_str),
            is_superuser: user.is_superuser,
            created_at: user.created_at,
            last_modified: user.created_at,
        }
    }
}

impl UserReads for Session<'_> {
    fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        self.run(|connection| {
            let row = users::table
                .find(id.uuid())
                .filter(users::erased_at.is_null())
                .select(UserRow::as_select())
                .first(connection)
                .optional()?;
            Ok(row.map(User::try_from).transpose()?)
        })
    }

    fn credentials(&mut self, email: &EmailAddress) -> Result<Option<Credentials>, StoreError> {
        self.run(|connection| {
            // Several accounts may claim an address, but only one has verified it.
            let found: Option<(Uuid, String, bool, bool, bool)> = user_emails::table
                .inner_join(users::table)
                .filter(lower(user_emails::email).eq(email.as_str()))
                .filter(
                    user_emails::verified_at
                        .is_not_null()
                        .or(user_emails::is_primary),
                )
                .order(user_emails::verified_at.is_null())
                .select((
                    users::id,
                    users::password_hash,
                    users::is_active,
                    user_emails::verified_at.is_not_null(),
                    user_emails::awaits_proof,
                ))
                .first(connection)
                .optional()?;
            Ok(found.map(
                |(user_id, password_hash, is_active, email_verified, email_awaits_proof)| {
                    Credentials {
                        user_id: user_id.into(),
                        password_hash,
                        is_active,
                        email_verified,
                        email_awaits_proof,
                    }
                },
            ))
        })
    }

    fn list_users(
        &mut self,
        filter: &UserFilter,
        seek: Seek<TimePosition<UserId>>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        self.run(|connection| {
            let Some(query) = filtered(connection, filter)? else {
                return Ok(Vec::new());
            };
            let rows = newest_first!(query, seek, users::created_at, users::id)
                .limit(limit.into())
                .select(UserRow::as_select())
                .load(connection)?;
            Ok(in_list_order(seek.is_backward(), rows)
                .into_iter()
                .map(User::try_from)
                .collect::<Result<_, _>>()?)
        })
    }

    fn count_users(&mut self, filter: &UserFilter) -> Result<Total, StoreError> {
        self.run(|connection| match filtered(connection, filter)? {
            Some(query) => Ok(total(connection, query.select(users::id))?),
            None => Ok(Total::Exactly(0)),
        })
    }

    fn memberships(&mut self, id: UserId) -> Result<Vec<Membership>, StoreError> {
        self.run(|connection| {
            let rows: Vec<(String, Option<DateTime<Utc>>)> = user_group::table
                .inner_join(groups::table)
                .filter(user_group::user_id.eq(id.uuid()))
                .filter(runs())
                .order(groups::name)
                .select((groups::name, user_group::valid_until))
                .load(connection)?;
            let memberships = rows.into_iter().map(|(group, valid_until)| Membership {
                group: GroupName::from_storage(group),
                valid_until,
            });
            Ok(memberships.collect())
        })
    }

    fn active_users(&mut self, ids: &[UserId]) -> Result<Vec<UserId>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        self.run(|connection| {
            let proved = user_emails::table
                .filter(user_emails::user_id.eq(users::id))
                .filter(user_emails::verified_at.is_not_null());
            let active: Vec<Uuid> = users::table
                .filter(users::id.eq_any(ids))
                .filter(users::is_active)
                .filter(users::deactivated_at.is_null())
                .filter(exists(proved))
                .select(users::id)
                .load(connection)?;
            Ok(active.into_iter().map(UserId::new).collect())
        })
    }
}

impl UserWrites for Session<'_> {
    fn insert_user(&mut self, user: &NewUser) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::insert_into(users::table)
                .values(NewUserRow::from(user))
                .execute(connection)?;
            diesel::insert_into(user_emails::table)
                .values((
                    user_emails::id.eq(Uuid::new_v4()),
                    user_emails::user_id.eq(user.id.uuid()),
                    user_emails::email.eq(user.email.as_str()),
                    user_emails::is_primary.eq(true),
                    user_emails::verified_at.eq(user.email_verified_at),
                    user_emails::awaits_proof.eq(user.email_awaits_proof),
                    user_emails::created_at.eq(user.created_at),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn set_password_hash(
        &mut self,
        id: UserId,
        password_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let changed = diesel::update(users::table.find(id.uuid()))
                .set((
                    users::password_hash.eq(password_hash),
                    users::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(changed == 1)
        })
    }

    fn set_active(
        &mut self,
        id: UserId,
        is_active: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.run(|connection| {
            let changed = diesel::update(users::table.find(id.uuid()))
                .set((users::is_active.eq(is_active), users::last_modified.eq(now)))
                .execute(connection)?;
            Ok(changed == 1)
        })
    }

    fn set_verification(
        &mut self,
        id: UserId,
        verification: Verification,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(users::table.find(id.uuid()))
                .set((
                    users::verification.eq(verification.name()),
                    users::last_modified.eq(now),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn add_to_groups(
        &mut self,
        id: UserId,
        memberships: &[Membership],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let names: Vec<&str> = memberships.iter().map(|one| one.group.as_str()).collect();
        let ends: Vec<_> = memberships.iter().map(|one| one.valid_until).collect();
        self.run(|connection| {
            sql::<()>(
                "INSERT INTO user_group (user_id, group_id, valid_until)
                 SELECT DISTINCT ?, groups.id, joined.valid_until
                 FROM unnest(?, ?) AS joined (name, valid_until) JOIN groups USING (name)
                 ON CONFLICT (user_id, group_id) DO UPDATE SET valid_until = EXCLUDED.valid_until",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .bind::<Array<Text>, _>(names)
            .bind::<Array<Nullable<Timestamptz>>, _>(ends)
            .execute(connection)?;
            touch(connection, id, now)
        })
    }

    fn remove_from_groups(
        &mut self,
        id: UserId,
        groups: &[GroupName],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.run(|connection| {
            sql::<()>(
                "DELETE FROM user_group USING groups
                 WHERE user_id = ? AND groups.id = group_id AND name = ANY (?)",
            )
            .bind::<SqlUuid, _>(id.uuid())
            .bind::<Array<Text>, _>(texts(groups))
            .execute(connection)?;
            touch(connection, id, now)
        })
    }

    fn set_last_seen(&mut self, seen: &[(UserId, DateTime<Utc>)]) -> Result<(), StoreError> {
        let (ids, times): (Vec<Uuid>, Vec<DateTime<Utc>>) =
            seen.iter().map(|(id, time)| (id.uuid(), *time)).unzip();
        self.run(|connection| {
            // Sorted by id, so concurrent statements cannot deadlock. The latest of several times
            // counts, and the join drops deleted users.
            sql::<()>(
                "INSERT INTO user_presence (user_id, last_seen_at)
                 SELECT seen.id, max(seen.at)
                 FROM unnest(?, ?) AS seen (id, at) JOIN users ON users.id = seen.id
                 WHERE erased_at IS NULL
                 GROUP BY seen.id ORDER BY seen.id
                 ON CONFLICT (user_id) DO UPDATE
                 SET last_seen_at = greatest(user_presence.last_seen_at, excluded.last_seen_at)",
            )
            .bind::<Array<SqlUuid>, _>(ids)
            .bind::<Array<Timestamptz>, _>(times)
            .execute(connection)?;
            Ok(())
        })
    }
}

/// Sets the time of the last change.
fn touch(connection: &mut PgConnection, id: UserId, now: DateTime<Utc>) -> Result<(), Failure> {
    diesel::update(users::table.find(id.uuid()))
        .set(users::last_modified.eq(now))
        .execute(connection)?;
    Ok(())
}

fn texts(groups: &[GroupName]) -> Vec<&str> {
    groups.iter().map(GroupName::as_str).collect()
}

/// The filtered query, without an order; `None` if no row can match.
fn filtered<'a>(
    connection: &mut PgConnection,
    filter: &'a UserFilter,
) -> Result<Option<users::BoxedQuery<'a, Pg>>, Failure> {
    // Never a prepared statement: the best index depends on the values, and a generic plan would
    // often scan all accounts.
    let mut query = users::table
        .into_boxed()
        .filter(literal::<Bool>("true"))
        .filter(users::erased_at.is_null());
    if let Some(text) = &filter.starts_with {
        let address = EmailAddress::parse(text);
        let address = address.as_ref().map_or(text.trim(), EmailAddress::as_str);
        let Some(pattern) = like::starting_with(address) else {
            return Ok(None);
        };
        let in_address = lower(users::email).like(lower(pattern));
        query = match name_query(connection, text)? {
            Some(words) => query.filter(in_address.or(in_name(words))),
            None => query.filter(in_address),
        };
    }
    if !filter.groups.is_empty() {
        let groups = group_ids(connection, &filter.groups)?;
        if groups.is_empty() {
            return Ok(None);
        }
        let members = user_group::table
            .filter(user_group::group_id.eq_any(groups))
            .filter(runs())
            .select(user_group::user_id);
        query = query.filter(users::id.eq_any(members));
    }
    if let Some(is_active) = filter.is_active {
        query = query.filter(users::is_active.eq(is_active));
    }
    if !filter.verifications.is_empty() {
        let names = filter.verifications.iter().map(|state| state.name());
        query = query.filter(users::verification.eq_any(names));
    }
    if let Some(created_after) = filter.created_after {
        query = query.filter(users::created_at.gt(created_after));
    }
    Ok(Some(query))
}

/// Matches names with a word for each word of the text, in any order, that begins with it; `None`
/// for a text without words. A separate query, so that the planner sees what it searches for.
fn name_query(connection: &mut PgConnection, text: &str) -> QueryResult<Option<String>> {
    sql::<Nullable<Text>>(
        "SELECT string_agg(quote_literal(word) || ':*', ' & ') FROM unnest(folded_words(?)) AS word",
    )
    .bind::<Text, _>(text)
    .get_result(connection)
}

/// Matches the index `users_name_words_idx`.
fn in_name(
    words: String,
) -> impl BoxableExpression<users::table, Pg, SqlType = Bool>
+ ValidGrouping<(), IsAggregate = is_aggregate::Never> {
    literal::<Bool>(
        "array_to_tsvector(folded_words(users.firstname || ' ' || coalesce(users.middlename, '') \
         || ' ' || users.lastname)) @@ ",
    )
    .bind::<Text, _>(words)
    .sql("::tsquery")
}

/// A separate query: the planner estimates a group's size from its id, not from its name.
fn group_ids(connection: &mut PgConnection, names: &[String]) -> QueryResult<Vec<Uuid>> {
    let names = names.iter().filter(|name| !name.contains('\0'));
    groups::table
        .filter(groups::name.eq_any(names))
        .select(groups::id)
        .load(connection)
}
