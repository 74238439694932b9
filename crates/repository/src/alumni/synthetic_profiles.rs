//! Profiles of synthetic members: set-based, since there may be a million.

use abu_application::{alumni::ports::SyntheticProfileWrites, platform::ports::StoreError};
use abu_domain::ImportId;
use chrono::{DateTime, Utc};
use diesel::{
    QueryResult,
    connection::SimpleConnection,
    prelude::*,
    sql_query,
    sql_types::{Timestamptz, Uuid as SqlUuid},
};

use crate::store::Session;

/// Who gets a profile, with dice for each part of it; until the end of the work.
const TABLE: &str = include_str!("synthetic_profiles/table.sql");
const CHOOSE: &str = include_str!("synthetic_profiles/choose.sql");
const EMPLOYERS: &str = include_str!("synthetic_profiles/employers.sql");
const SKILLS: &str = include_str!("synthetic_profiles/skills.sql");
const PROFILES: &str = include_str!("synthetic_profiles/profiles.sql");
const CONSENTS: &str = include_str!("synthetic_profiles/consents.sql");
const WORK: &str = include_str!("synthetic_profiles/work.sql");
const OWN_SKILLS: &str = include_str!("synthetic_profiles/own_skills.sql");
const USES: &str = include_str!("synthetic_profiles/uses.sql");
const DROP: &str = "DROP TABLE synthetic_profiles";

impl SyntheticProfileWrites for Session<'_> {
    fn insert_synthetic_profiles(
        &mut self,
        import: ImportId,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        self.run(|connection| {
            // One statement may take minutes for a million members.
            connection.batch_execute("SET LOCAL statement_timeout = 0")?;
            connection.batch_execute(TABLE)?;
            sql_query(CHOOSE)
                .bind::<SqlUuid, _>(import.uuid())
                .execute(connection)?;
            connection.batch_execute("ANALYZE synthetic_profiles")?;
            for statement in [EMPLOYERS, SKILLS] {
                at(statement, now, connection)?;
            }
            let profiles = at(PROFILES, now, connection)?;
            at(CONSENTS, now, connection)?;
            connection.batch_execute(WORK)?;
            connection.batch_execute(OWN_SKILLS)?;
            connection.batch_execute(USES)?;
            connection.batch_execute(DROP)?;
            Ok(profiles as u64)
        })
    }
}

fn at(statement: &str, now: DateTime<Utc>, connection: &mut PgConnection) -> QueryResult<usize> {
    sql_query(statement)
        .bind::<Timestamptz, _>(now)
        .execute(connection)
}
