//! Profiles: facts about members by a bounded number of queries, and their changes.

mod facts;
mod rows;

use abu_application::{
    alumni::ports::{
        AskedPlaces, KnownPlaces, Member, ProfileDetails, ProfileReads, ProfileWrites,
        StoredExperience,
    },
    platform::ports::StoreError,
};
use abu_domain::{
    CountryId, EducationId, ExperienceId, ImportId, IndustryId, LinkId, RecordId, SkillId, StateId,
    UserId,
    alumni::{
        profiles::{Bio, City, EducationDetails, Headline, LinkKind, LinkUrl, Month, Slug},
        visibility::Privacy,
    },
    platform::text::PersonName,
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{
        Array, BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
    },
};
use uuid::Uuid;

use crate::{
    schema::{
        educations, experiences, field_visibility, profile_links, profile_skills, profiles, users,
    },
    sql::sql,
    store::Session,
};

fn uuids<Id: Copy + Into<Uuid>>(ids: &[Id]) -> Vec<Uuid> {
    ids.iter().map(|id| (*id).into()).collect()
}

impl ProfileReads for Session<'_> {
    fn members(&mut self, users: &[UserId]) -> Result<Vec<Member>, StoreError> {
        match users {
            [] => Ok(Vec::new()),
            users => self.run(|connection| facts::members(connection, &uuids(users))),
        }
    }

    fn user_of_slug(&mut self, slug: &Slug) -> Result<Option<UserId>, StoreError> {
        self.run(|connection| {
            let user: Option<Uuid> = profiles::table
                .filter(profiles::slug.eq(slug.as_str()))
                .select(profiles::user_id)
                .first(connection)
                .optional()?;
            Ok(user.map(UserId::new))
        })
    }

    fn verified_users(
        &mut self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        self.run(|connection| {
            let after = after.map_or(Uuid::nil(), UserId::uuid);
            let ids: Vec<Uuid> = users::table
                .filter(users::id.gt(after))
                .filter(users::verification.eq("verified"))
                .order(users::id)
                .limit(limit.into())
                .select(users::id)
                .load(connection)?;
            Ok(ids.into_iter().map(UserId::new).collect())
        })
    }

    fn linked_users(&mut self, records: &[RecordId]) -> Result<Vec<UserId>, StoreError> {
        self.run(|connection| {
            let ids: Vec<Uuid> = sql::<SqlUuid>(
                "SELECT user_id FROM claims
                 WHERE state = 'verified' AND record_id = ANY (?) ORDER BY user_id",
            )
            .bind::<Array<SqlUuid>, _>(uuids(records))
            .load(connection)?;
            Ok(ids.into_iter().map(UserId::new).collect())
        })
    }

    fn users_of_import(
        &mut self,
        import: ImportId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        self.run(|connection| {
            // Members are far fewer than records, so the claims are read in the order of their accounts.
            let ids: Vec<Uuid> = sql::<SqlUuid>(
                "SELECT user_id FROM claims c
                 WHERE state = 'verified' AND user_id > ?
                   AND (EXISTS (SELECT FROM import_changes WHERE import_id = ? AND record_id = c.record_id)
                        OR EXISTS (SELECT FROM awards WHERE record_id = c.record_id AND created_by_import = ?))
                 ORDER BY user_id LIMIT ?",
            )
            .bind::<SqlUuid, _>(after.map_or(Uuid::nil(), UserId::uuid))
            .bind::<SqlUuid, _>(import.uuid())
            .bind::<SqlUuid, _>(import.uuid())
            .bind::<BigInt, _>(i64::from(limit))
            .load(connection)?;
            Ok(ids.into_iter().map(UserId::new).collect())
        })
    }

    fn known_places(&mut self, asked: &AskedPlaces) -> Result<KnownPlaces, StoreError> {
        type Columns = (Nullable<SmallInt>, Nullable<SmallInt>, Nullable<SmallInt>);
        self.run(|connection| {
            let (country, state, industry): (Option<i16>, Option<i16>, Option<i16>) =
                sql::<Columns>(
                    "SELECT (SELECT id FROM countries WHERE code = ?),
                            (SELECT id FROM states WHERE code = ?),
                            (SELECT id FROM industries WHERE code = ?)",
                )
                .bind::<Nullable<Text>, _>(asked.country.as_deref())
                .bind::<Nullable<Text>, _>(asked.state.as_deref())
                .bind::<Nullable<Text>, _>(asked.industry.as_deref())
                .get_result(connection)?;
            Ok(KnownPlaces {
                country: country.map(CountryId::new),
                state: state.map(StateId::new),
                industry: industry.map(IndustryId::new),
            })
        })
    }

    fn agreed_to_listing(&mut self, user: UserId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let agreed: Option<bool> = sql::<Bool>(
                "SELECT granted FROM consents WHERE user_id = ? AND purpose = 'directory'
                 ORDER BY created_at DESC, id DESC LIMIT 1",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .get_result(connection)
            .optional()?;
            Ok(agreed.unwrap_or(false))
        })
    }
}

impl ProfileWrites for Session<'_> {
    fn lock_member(
        &mut self,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Option<Member>, StoreError> {
        self.run(|connection| {
            sql::<SqlUuid>(
                "INSERT INTO profiles (user_id, is_listed, created_at, last_modified)
                 SELECT id, coalesce((SELECT granted FROM consents
                                      WHERE user_id = users.id AND purpose = 'directory'
                                      ORDER BY created_at DESC, id DESC LIMIT 1), false), ?, ?
                 FROM users WHERE id = ? AND erased_at IS NULL
                   AND NOT EXISTS (SELECT FROM profiles WHERE user_id = users.id)
                 ON CONFLICT (user_id) DO NOTHING",
            )
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(now)
            .bind::<SqlUuid, _>(user.uuid())
            .execute(connection)?;
            // A statement of its own, so that what follows sees the changes that it waited for.
            let locked: Option<Uuid> = profiles::table
                .find(user.uuid())
                .select(profiles::user_id)
                .for_update()
                .first(connection)
                .optional()?;
            match locked {
                Some(user) => Ok(facts::members(connection, &[user])?.pop()),
                None => Ok(None),
            }
        })
    }

    fn touch_profile(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.run(|connection| {
            // Two changes of one microsecond must differ as versions.
            sql::<SqlUuid>(
                "UPDATE profiles SET version = version + 1,
                        last_modified = greatest(?, last_modified + interval '1 microsecond')
                 WHERE user_id = ?",
            )
            .bind::<Timestamptz, _>(now)
            .bind::<SqlUuid, _>(user.uuid())
            .execute(connection)?;
            Ok(())
        })
    }

    fn save_details(&mut self, user: UserId, details: &ProfileDetails) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(profiles::table.find(user.uuid()))
                .set((
                    profiles::slug.eq(details.slug.as_ref().map(Slug::as_str)),
                    profiles::allow_indexing.eq(details.allow_indexing),
                    profiles::preferred_name
                        .eq(details.preferred_name.as_ref().map(PersonName::as_str)),
                    profiles::headline.eq(details.headline.as_ref().map(Headline::as_str)),
                    profiles::bio.eq(details.bio.as_ref().map(Bio::as_str)),
                    profiles::country_id.eq(details.country.map(CountryId::get)),
                    profiles::state_id.eq(details.state.map(StateId::get)),
                    profiles::city.eq(details.city.as_ref().map(City::as_str)),
                    profiles::industry_id.eq(details.industry.map(IndustryId::get)),
                ))
                .execute(connection)?;
            Ok(())
        })
    }

    fn save_privacy(&mut self, user: UserId, privacy: &Privacy) -> Result<(), StoreError> {
        let rows: Vec<_> = privacy
            .deviations()
            .map(|(field, level)| {
                (
                    field_visibility::user_id.eq(user.uuid()),
                    field_visibility::field.eq(field.name()),
                    field_visibility::level.eq(level.name()),
                )
            })
            .collect();
        self.run(|connection| {
            let own = field_visibility::table.filter(field_visibility::user_id.eq(user.uuid()));
            diesel::delete(own).execute(connection)?;
            diesel::insert_into(field_visibility::table)
                .values(rows)
                .execute(connection)?;
            Ok(())
        })
    }

    fn set_listed(&mut self, user: UserId, is_listed: bool) -> Result<(), StoreError> {
        self.run(|connection| {
            diesel::update(profiles::table.find(user.uuid()))
                .set(profiles::is_listed.eq(is_listed))
                .execute(connection)?;
            Ok(())
        })
    }

    fn save_experience(
        &mut self,
        user: UserId,
        experience: &StoredExperience,
    ) -> Result<(), StoreError> {
        let period = &experience.period;
        let values = (
            experiences::employer_id.eq(experience.employer.map(|id| id.get())),
            experiences::title.eq(experience.title.as_str()),
            experiences::started.eq(period.started.map(Month::first_day)),
            experiences::ended.eq(period.ended.map(Month::first_day)),
            experiences::is_current.eq(period.is_current),
        );
        self.run(|connection| {
            diesel::insert_into(experiences::table)
                .values((
                    experiences::id.eq(experience.id.uuid()),
                    experiences::user_id.eq(user.uuid()),
                    values,
                ))
                .on_conflict(experiences::id)
                .do_update()
                .set(values)
                .execute(connection)?;
            Ok(())
        })
    }

    fn delete_experience(&mut self, user: UserId, id: ExperienceId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let own = experiences::table
                .find(id.uuid())
                .filter(experiences::user_id.eq(user.uuid()));
            Ok(diesel::delete(own).execute(connection)? == 1)
        })
    }

    fn save_education(
        &mut self,
        user: UserId,
        id: EducationId,
        details: &EducationDetails,
    ) -> Result<(), StoreError> {
        let values = (
            educations::institution.eq(details.institution.as_str()),
            educations::degree.eq(details.degree.as_ref().map(|degree| degree.as_str())),
            educations::field.eq(details.field.as_ref().map(|field| field.as_str())),
            educations::from_year.eq(details.from_year),
            educations::to_year.eq(details.to_year),
        );
        self.run(|connection| {
            diesel::insert_into(educations::table)
                .values((
                    educations::id.eq(id.uuid()),
                    educations::user_id.eq(user.uuid()),
                    values,
                ))
                .on_conflict(educations::id)
                .do_update()
                .set(values)
                .execute(connection)?;
            Ok(())
        })
    }

    fn delete_education(&mut self, user: UserId, id: EducationId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let own = educations::table
                .find(id.uuid())
                .filter(educations::user_id.eq(user.uuid()));
            Ok(diesel::delete(own).execute(connection)? == 1)
        })
    }

    fn save_skills(&mut self, user: UserId, skills: &[SkillId]) -> Result<(), StoreError> {
        let ids: Vec<i32> = skills.iter().map(|id| id.get()).collect();
        self.run(|connection| {
            let own = profile_skills::table.filter(profile_skills::user_id.eq(user.uuid()));
            diesel::delete(own.filter(profile_skills::skill_id.ne_all(&ids)))
                .execute(connection)?;
            sql::<Integer>(
                "INSERT INTO profile_skills (user_id, skill_id, position)
                 SELECT ?, skill, place FROM unnest(?) WITH ORDINALITY AS chosen (skill, place)
                 ON CONFLICT (user_id, skill_id) DO UPDATE SET position = excluded.position",
            )
            .bind::<SqlUuid, _>(user.uuid())
            .bind::<Array<Integer>, _>(ids)
            .execute(connection)?;
            Ok(())
        })
    }

    fn save_link(
        &mut self,
        user: UserId,
        id: LinkId,
        kind: LinkKind,
        url: &LinkUrl,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let values = (
            profile_links::kind.eq(kind.name()),
            profile_links::url.eq(url.as_str()),
        );
        self.run(|connection| {
            diesel::insert_into(profile_links::table)
                .values((
                    profile_links::id.eq(id.uuid()),
                    profile_links::user_id.eq(user.uuid()),
                    profile_links::created_at.eq(now),
                    values,
                ))
                .on_conflict(profile_links::id)
                .do_update()
                .set(values)
                .execute(connection)?;
            Ok(())
        })
    }

    fn delete_link(&mut self, user: UserId, id: LinkId) -> Result<bool, StoreError> {
        self.run(|connection| {
            let own = profile_links::table
                .find(id.uuid())
                .filter(profile_links::user_id.eq(user.uuid()));
            Ok(diesel::delete(own).execute(connection)? == 1)
        })
    }

    fn forget_profile(&mut self, user: UserId) -> Result<(), StoreError> {
        let id = user.uuid();
        self.run(|connection| {
            let employers: Vec<Option<i32>> = experiences::table
                .filter(experiences::user_id.eq(id))
                .select(experiences::employer_id)
                .load(connection)?;
            let skills: Vec<i32> = profile_skills::table
                .filter(profile_skills::user_id.eq(id))
                .select(profile_skills::skill_id)
                .load(connection)?;
            macro_rules! forget {
                ($($table:ident),*) => {
                    $(diesel::delete($table::table.filter($table::user_id.eq(id))).execute(connection)?;)*
                };
            }
            forget!(
                field_visibility,
                experiences,
                educations,
                profile_skills,
                profile_links,
                profiles
            );
            // A name that only this member used may tell who the member was.
            sql::<Integer>(
                "DELETE FROM employers t WHERE id = ANY (?) AND state = 'proposed'
                   AND NOT EXISTS (SELECT FROM experiences WHERE employer_id = t.id)
                   AND NOT EXISTS (SELECT FROM employers WHERE merged_into = t.id)",
            )
            .bind::<Array<Nullable<Integer>>, _>(employers)
            .execute(connection)?;
            sql::<Integer>(
                "DELETE FROM skills t WHERE id = ANY (?) AND state = 'proposed'
                   AND NOT EXISTS (SELECT FROM profile_skills WHERE skill_id = t.id)
                   AND NOT EXISTS (SELECT FROM skills WHERE merged_into = t.id)",
            )
            .bind::<Array<Integer>, _>(skills)
            .execute(connection)?;
            Ok(())
        })
    }
}
