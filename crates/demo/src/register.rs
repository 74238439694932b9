//! A register of graduates, in which the demonstration's people are: some are verified, and some claim to be.

use std::io;

use abu_application::{
    access::Server,
    alumni::{
        directory::refresh_entries,
        imports::{ImportDraft, ImportError, Imports, LegalBasis, Unwatched},
        ports::{ClaimEvent, ClaimRecord},
    },
    platform::ports::{FileError, Ids, StoreError},
    store::Writes,
};
use abu_domain::{
    ClaimId, ImportId,
    alumni::claims::{Calendar, Claim, ClaimedAward, Command, EventKind},
    platform::text::{EmailAddress, PersonName},
};
use abu_generator::{Generator, Graduate, mapping, write_header, write_row};
use chrono::{DateTime, TimeDelta, Utc};

use super::people::{self, COUNT};

const GRADUATES: usize = 3_000;
const BASIS: &str = "Demonstration: no person is real";
const FILE_NAME: &str = "demonstration.csv";
/// The first of the people are verified.
const VERIFIED: usize = 40;
/// Those after them wait for the office, since so many hours each.
const WAITING_HOURS: [i64; 6] = [100, 75, 50, 26, 5, 1];

/// Imports the register.
pub(super) fn import(imports: &Imports, generator: &Generator) -> Result<ImportId, ImportError> {
    let mut upload = imports.begin_upload()?;
    upload.write(&csv(generator).map_err(FileError::from)?)?;
    let draft = ImportDraft {
        file_name: FILE_NAME.to_owned(),
        mapping: mapping(),
        legal_basis: LegalBasis::parse(BASIS)
            .map_err(|broken| StoreError::Other(broken.rule.into()))?,
        dry_run: false,
        again: false,
    };
    let id = imports.take_file(&Server, upload, &draft)?.import.id;
    imports.judge(id, &Unwatched)?;
    imports.write_to_register(&Server, id, &Unwatched)?;
    Ok(id)
}

fn csv(generator: &Generator) -> io::Result<Vec<u8>> {
    let mut csv = Vec::new();
    write_header(&mut csv)?;
    for (index, graduate) in generator.people().take(GRADUATES).enumerate() {
        let graduate = match index < COUNT {
            true => in_place_of(graduate, index),
            false => graduate,
        };
        write_row(&graduate, &mut csv)?;
    }
    Ok(csv)
}

/// A person of the demonstration with the award of a generated one.
fn in_place_of(generated: Graduate<'_>, index: usize) -> Graduate<'_> {
    let (firstname, lastname) = people::names(index);
    Graduate {
        surname: lastname.to_owned(),
        given_names: firstname.to_owned(),
        email: Some(people::email(index).as_str().to_owned()),
        phone: None,
        ..generated
    }
}

/// Verifies and lists the first people, and submits the claims of those after them.
pub(super) fn claim(
    tx: &mut dyn Writes,
    import: ImportId,
    generator: &Generator,
    ids: &dyn Ids,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let verified: Vec<EmailAddress> = (0..VERIFIED).map(people::email).collect();
    tx.verify_synthetic_members(import, &verified, now)?;
    tx.insert_synthetic_profiles(import, now)?;
    for address in &verified {
        if let Some(user) = tx.address_owner(address, now)? {
            refresh_entries(tx, user, now)?;
        }
    }
    let waiting = generator.people().enumerate().skip(VERIFIED);
    for ((index, graduate), hours) in waiting.zip(WAITING_HOURS) {
        let submitted_at = now - TimeDelta::hours(hours);
        if let Some(user) = tx.address_owner(&people::email(index), now)? {
            let claim = Claim::draft(ClaimId::new(ids.random()), user, submitted_at);
            submit(tx, &claim, award(&graduate, index), index, ids)?;
        }
    }
    Ok(())
}

fn award(graduate: &Graduate<'_>, index: usize) -> ClaimedAward {
    let (_, lastname) = people::names(index);
    ClaimedAward {
        matric: graduate.matric.clone(),
        surname_at_graduation: PersonName::from_storage(lastname.to_owned()),
        department: Some(graduate.department.to_owned()),
        programme: graduate.programme.map(str::to_owned),
        degree: graduate.degree.to_owned(),
        year: graduate.year,
    }
}

fn submit(
    tx: &mut dyn Writes,
    draft: &Claim,
    award: ClaimedAward,
    index: usize,
    ids: &dyn Ids,
) -> Result<(), StoreError> {
    let at = draft.created_at;
    let submitted = draft.apply(&Command::Submit, at, &Calendar::new([]));
    let (claim, _events) = submitted.map_err(|_refused| {
        StoreError::Other("a claim of the demonstration cannot be submitted".into())
    })?;
    let (firstname, lastname) = people::names(index);
    let (id, user) = (claim.id, claim.user_id);
    let record = ClaimRecord {
        claim: draft.clone(),
        awards: vec![award],
        names: vec![format!("{firstname} {lastname}")],
        list_me: true,
    };
    tx.insert_claim(&record, &[])?;
    tx.save_claim(&claim)?;
    tx.insert_claim_event(&ClaimEvent {
        id: ids.time_ordered(),
        claim: id,
        at,
        actor: Some(user),
        kind: EventKind::Submitted,
        reason: None,
        message: None,
    })
}
