//! Names of employers and skills, for the office.

use abu_application::alumni::ports::{TermFilter, TermRecord};
use abu_domain::alumni::profiles::{TermName, TermState, Vocabulary};

use super::dto::TermRecordForm;
use crate::areas::prelude::*;

routes! { list_terms, confirm_term, merge_term }

/// The path of a vocabulary.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByVocabulary {
    /// `employers` or `skills`.
    #[param(example = "employers")]
    vocabulary: String,
}

/// The path of a name of a vocabulary.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct ByTerm {
    /// `employers` or `skills`.
    #[param(example = "employers")]
    vocabulary: String,
    /// Which name.
    #[param(example = "6f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b45")]
    uuid: Uuid,
}

fn vocabulary(name: &str) -> Result<Vocabulary, Problem> {
    Vocabulary::from_name(name).ok_or_else(|| {
        Problem::new(
            ProblemKind::NotFound,
            "There is no such vocabulary; there are employers and skills.",
        )
    })
}

/// What narrows the list of names.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct TermParameters {
    /// What the name begins with, in any spelling.
    #[param(example = "national hosp", min_length = 1, max_length = 100)]
    q: Option<String>,
    /// `proposed`, `confirmed` or `merged`; repeated, any of several.
    #[param(value_type = Option<Vec<String>>, example = json!(["proposed"]))]
    state: Option<String>,
}

impl IntoDraft for TermParameters {
    type Draft = TermFilter;

    fn into_draft(self, violations: &mut Violations) -> Option<TermFilter> {
        let key = |text: &str| {
            let name = TermName::parse(Vocabulary::Employers, &short_text(text)?)?;
            Ok(name.key().to_owned())
        };
        let state = |text: &str| {
            TermState::from_name(text).ok_or(Violation {
                code: "state.unknown",
                rule: "must be proposed, confirmed or merged",
            })
        };
        Some(TermFilter {
            states: violations.any_of("state", self.state, state),
            prefix: violations.optional("q", self.q, key),
        })
    }
}

struct Terms;

impl List for Terms {
    type Filter = TermParameters;
    type Item = TermRecord;
    type Entry = TermRecordForm;
    type Position = String;
    const SORTS: [&'static str; 2] = ["name", "-name"];

    fn position(term: &TermRecord) -> String {
        term.key.clone()
    }
}

/// List the names of a vocabulary.
///
/// By spelling. Takes `can_manage_settings`.
#[utoipa::path(
    tag = "reference",
    params(ByVocabulary, Page::<Terms>),
    responses((status = 200, description = "A page of names.", body = ListBody<TermRecordForm>), StaffOnly),
)]
#[get("/admin/vocabularies/{vocabulary}/terms")]
async fn list_terms(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByVocabulary>,
    page: Page<Terms>,
) -> Answer {
    let vocabulary = vocabulary(&path.vocabulary)?;
    let terms = alumni
        .vocabularies
        .list(caller.0, vocabulary, page.filter, page.request);
    page.reply.with(terms.await?)
}

request_body! {
    /// How the name is to be spelled.
    #[schema(example = json!({"name": "National Hospital, Abuja"}))]
    struct ConfirmBody into Option<String> {
        /// Left out, it stays as it is.
        #[schema(min_length = 1, max_length = 120)]
        name: Option<String>,
    }
    |body, _violations| Some(body.name)
}

/// Confirm a name of a vocabulary.
///
/// It is suggested to members from then on, and is a filter of the directory. Takes `can_manage_settings`.
#[utoipa::path(
    tag = "reference",
    params(ByTerm),
    request_body = ConfirmBody,
    responses((status = 200, description = "The name.", body = TermRecordForm), StaffOnly, Conflicts),
)]
#[post("/admin/vocabularies/{vocabulary}/terms/{uuid}/confirm")]
async fn confirm_term(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByTerm>,
    body: Body<ConfirmBody>,
) -> Answer<Json<TermRecordForm>> {
    let vocabulary = vocabulary(&path.vocabulary)?;
    let mut violations = Violations::in_body();
    let parse = |text: &str| TermName::parse(vocabulary, text);
    let name = violations.optional("name", body.0, parse);
    let name = violations.finish(Some(name))?;
    let term = alumni
        .vocabularies
        .confirm(caller.0, vocabulary, path.uuid, name);
    Ok(Json(term.await?.into()))
}

request_body! {
    /// What the name is to stand for.
    #[schema(example = json!({"into_uuid": "7f0f6a3e-6f0a-4c7e-9d57-6a1a5f0c2b46"}))]
    struct MergeTermBody into Uuid {
        /// The name that stays.
        into_uuid: Uuid,
    }
    |body, _violations| Some(body.into_uuid)
}

/// Merge a name of a vocabulary into another.
///
/// Profiles show the other one from then on; it is confirmed. Takes `can_manage_settings`.
#[utoipa::path(
    tag = "reference",
    params(ByTerm),
    request_body = MergeTermBody,
    responses((status = 200, description = "The name that stays.", body = TermRecordForm), StaffOnly, Conflicts),
)]
#[post("/admin/vocabularies/{vocabulary}/terms/{uuid}/merge")]
async fn merge_term(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByTerm>,
    body: Body<MergeTermBody>,
) -> Answer<Json<TermRecordForm>> {
    let vocabulary = vocabulary(&path.vocabulary)?;
    let term = alumni
        .vocabularies
        .merge(caller.0, vocabulary, path.uuid, body.0);
    Ok(Json(term.await?.into()))
}
