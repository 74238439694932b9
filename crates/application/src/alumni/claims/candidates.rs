//! Records that a claim may be about, with the score of each.

use abu_domain::alumni::{
    claims::{
        ClaimedAward,
        matching::{Facts, Score},
    },
    names::{Lexicon, Name},
    register::MatricNumber,
};

use super::{ClaimError, own::known_codes};
use crate::{
    alumni::ports::{AwardFacts, CandidateQuery, ClaimRecord, CodeKind, KnownCode, RecordFacts},
    platform::ports::StoreError,
    store::Reads,
};

/// How many candidates a reviewer sees.
pub const MAX_CANDIDATES: usize = 20;
/// How many records each way of finding them gives to be scored.
const SCORED: u32 = 200;
/// How far apart the years of a claim and a record may be.
const YEARS_APART: i16 = 2;

/// A record that a claim may be about.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub record: RecordFacts,
    /// Of the award that fits best.
    pub score: Score,
}

/// The best candidates for a claim, the best first: at most 20. The record that a code or a reviewer named is among
/// them.
pub(super) fn candidates(
    tx: &mut dyn Reads,
    claim: &ClaimRecord,
) -> Result<Vec<Candidate>, ClaimError> {
    let known = known_codes(tx, &claim.awards)?;
    let mut ids = tx.candidates(&query(claim, &known), SCORED)?;
    ids.extend(claim.claim.record_id);
    ids.sort_unstable();
    ids.dedup();
    let mut candidates = scored(claim, &known, tx.record_facts(&ids)?);
    let named = claim.claim.record_id;
    candidates.sort_by(|one, other| {
        let is_named = |candidate: &Candidate| Some(candidate.record.id) == named;
        is_named(other)
            .cmp(&is_named(one))
            .then(other.score.total.total_cmp(&one.score.total))
            .then(one.record.id.cmp(&other.record.id))
    });
    candidates.truncate(MAX_CANDIDATES);
    candidates.sort_by(|one, other| other.score.total.total_cmp(&one.score.total));
    Ok(candidates)
}

/// How well one record fits a claim.
pub(super) fn candidate(
    tx: &mut dyn Reads,
    claim: &ClaimRecord,
    record: RecordFacts,
) -> Result<Option<Candidate>, ClaimError> {
    let known = known_codes(tx, &claim.awards)?;
    Ok(scored(claim, &known, vec![record]).pop())
}

/// The record with this id, if it is active.
pub(super) fn record(
    tx: &mut dyn Reads,
    id: abu_domain::RecordId,
) -> Result<Option<RecordFacts>, StoreError> {
    Ok(tx.record_facts(&[id])?.pop())
}

/// What the names alone say, for a code.
pub(super) fn name_facts(names: &[String]) -> Facts {
    Facts {
        names: names.to_vec(),
        ..Facts::default()
    }
}

fn scored(claim: &ClaimRecord, known: &[KnownCode], records: Vec<RecordFacts>) -> Vec<Candidate> {
    let ours = claimed_facts(claim, known);
    let lexicon = Lexicon::built_in();
    let score = |record: RecordFacts| {
        let theirs = record_facts(&record);
        let pairs = ours
            .iter()
            .flat_map(|our| theirs.iter().map(move |their| (our, their)));
        let scores = pairs.map(|(our, their)| Score::of(our, their, lexicon));
        let score = scores.max_by(|one, other| one.total.total_cmp(&other.total))?;
        Some(Candidate { record, score })
    };
    records.into_iter().filter_map(score).collect()
}

/// One for each award of the claim; one with the names alone if it has none.
fn claimed_facts(claim: &ClaimRecord, known: &[KnownCode]) -> Vec<Facts> {
    let names = &claim.names;
    if claim.awards.is_empty() {
        return vec![name_facts(names)];
    }
    let facts = |award: &ClaimedAward| {
        let find = |kind: CodeKind, code: &str| {
            known
                .iter()
                .find(|known| known.kind == kind && known.code == code)
        };
        let programme = award.programme.as_deref();
        let programme = programme.and_then(|code| find(CodeKind::Programme, code));
        let department = award.department.as_deref();
        let department = department.and_then(|code| find(CodeKind::Department, code));
        Facts {
            names: names.clone(),
            matric: award.matric.as_deref().and_then(norm),
            year: Some(award.year),
            department: department
                .map(|known| known.facts.clone())
                .or_else(|| programme?.department.clone()),
            programme: programme.map(|known| known.facts.clone()),
            degree: find(CodeKind::Degree, &award.degree).map(|known| known.facts.clone()),
        }
    };
    claim.awards.iter().map(facts).collect()
}

/// One for each award of the record; one with the names alone if it has none.
fn record_facts(record: &RecordFacts) -> Vec<Facts> {
    let names = record.full_names();
    if record.awards.is_empty() {
        return vec![name_facts(&names)];
    }
    let facts = |award: &AwardFacts| Facts {
        names: names.clone(),
        matric: award.matric.clone(),
        year: Some(award.year),
        department: award.department.clone(),
        programme: award.programme.clone(),
        degree: Some(award.degree.clone()),
    };
    record.awards.iter().map(facts).collect()
}

fn norm(matric: &str) -> Option<String> {
    let number = MatricNumber::parse(matric).ok()?;
    Some(number.norm().to_owned())
}

fn query(claim: &ClaimRecord, known: &[KnownCode]) -> CandidateQuery {
    let matrics = claim
        .awards
        .iter()
        .filter_map(|award| award.matric.as_deref());
    let departments = known.iter().filter_map(|known| match known.kind {
        CodeKind::Department => i16::try_from(known.facts.id).ok(),
        CodeKind::Programme => i16::try_from(known.department.as_ref()?.id).ok(),
        CodeKind::Degree => None,
    });
    let years = claim.awards.iter().map(|award| award.year);
    let (first, last) = (years.clone().min(), years.clone().max());
    CandidateQuery {
        matrics: matrics.filter_map(norm).collect(),
        spellings: spellings(&claim.names),
        departments: departments.collect(),
        exact_years: years.collect(),
        years: match first.zip(last) {
            Some((first, last)) => (first - YEARS_APART, last + YEARS_APART),
            // A claim without an award has no year to narrow by.
            None => (0, 0),
        },
    }
}

/// The spellings of the three longest tokens of the names, which tell people apart better than short ones.
fn spellings(names: &[String]) -> [Vec<String>; 3] {
    let lexicon = Lexicon::built_in();
    let names: Vec<Name> = names
        .iter()
        .filter_map(|name| Name::parse(name).ok())
        .collect();
    let mut tokens: Vec<_> = names
        .iter()
        .flat_map(Name::tokens)
        .filter(|token| !token.is_initial())
        .collect();
    tokens.sort_by(|one, other| {
        let length = |token: &abu_domain::alumni::names::Token<'_>| token.as_str().len();
        length(other).cmp(&length(one)).then(one.cmp(other))
    });
    tokens.dedup();
    let mut tokens = tokens.into_iter();
    std::array::from_fn(|_| {
        let Some(token) = tokens.next() else {
            return Vec::new();
        };
        let variants = lexicon.variants(token);
        let all = [token].into_iter().chain(variants);
        all.map(|spelling| spelling.as_str().to_owned()).collect()
    })
}
