//! Work, education and web addresses on the caller's profile. Their `ETag` is that of the profile.

use abu_application::alumni::profiles::{ExperienceDraft, LinkDraft, OwnProfile};
use abu_domain::{
    EducationId, ExperienceId, LinkId,
    alumni::profiles::{
        DegreeName, EducationDetails, Institution, JobTitle, LinkKind, LinkUrl, Month, Period,
        Subject, TermName, Vocabulary, years,
    },
};

use super::dto::{EducationForm, ExperienceForm, LinkForm};
use crate::areas::prelude::*;

routes! {
    add_experience, replace_experience, remove_experience,
    add_education, replace_education, remove_education,
    add_link, replace_link, remove_link,
}

fn no_entry() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such entry in your profile.",
    )
}

request_body! {
    /// Work, present or past.
    #[schema(example = json!({
        "employer": "National Hospital Abuja",
        "title": "Data engineer",
        "started": "2019-07",
        "ended": null,
        "is_current": true,
    }))]
    struct ExperienceBody into ExperienceDraft {
        /// Its name; left out for work on your own account. Others see suggestions of names that three members use.
        #[schema(min_length = 1, max_length = 120)]
        employer: Option<String>,
        #[schema(min_length = 1, max_length = 100)]
        title: String,
        /// The first month, such as `2019-07`.
        started: Option<String>,
        /// The last month; not for current work.
        ended: Option<String>,
        /// Whether it goes on. Of such work, what started last is your present employer and title.
        is_current: bool,
    }
    |body, violations| {
        let parse = |text: &str| TermName::parse(Vocabulary::Employers, text);
        let employer = violations.optional("employer", body.employer, parse);
        let title = violations.check("title", JobTitle::parse(&body.title));
        let started = violations.optional("started", body.started, Month::parse);
        let ended = violations.optional("ended", body.ended, Month::parse);
        let period = violations.check("ended", Period::new(started, ended, body.is_current));
        Some(ExperienceDraft {
            employer,
            title: title?,
            period: period?,
        })
    }
}

fn experience(own: &OwnProfile, id: ExperienceId) -> Result<ExperienceForm, Problem> {
    let mut entries = own.visible.experiences().iter();
    let entry = entries.find(|entry| entry.id == id);
    entry.map(ExperienceForm::from).ok_or_else(no_entry)
}

/// Add work to your profile.
///
/// Up to 20 entries.
#[utoipa::path(
    tag = "profile",
    request_body = ExperienceBody,
    responses((status = 201, description = "The entry; `Location` is its address.", body = ExperienceForm), Conflicts),
)]
#[post("/me/profile/experiences")]
async fn add_experience(alumni: Alumni, caller: CurrentUser, body: Body<ExperienceBody>) -> Answer {
    let (id, own) = alumni.profiles.add_experience(caller.0, body.0).await?;
    let path = format!("/me/profile/experiences/{id}");
    Ok(created(&path, &experience(&own, id)?))
}

/// Replace work on your profile.
#[utoipa::path(
    tag = "profile",
    params(ByUuid, IfMatchParameter),
    request_body = ExperienceBody,
    responses((status = 200, description = "The entry.", body = ExperienceForm)),
)]
#[put("/me/profile/experiences/{uuid}")]
async fn replace_experience(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<ExperienceBody>,
) -> Answer {
    let id = path.id();
    let own = alumni
        .profiles
        .replace_experience(caller.0, id, body.0, expected.0)
        .await?;
    versioned(&experience(&own, id)?, own.version())
}

/// Remove work from your profile.
#[utoipa::path(
    tag = "profile",
    params(ByUuid),
    responses((status = 204, description = "The entry is gone.")),
)]
#[delete("/me/profile/experiences/{uuid}")]
async fn remove_experience(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    let removed = alumni.profiles.remove_experience(caller.0, path.id());
    removed.await?;
    Ok(no_content())
}

request_body! {
    /// Education outside the university.
    #[schema(example = json!({
        "institution": "University of Lagos",
        "degree": "M.Sc.",
        "field": "Statistics",
        "from_year": 2016,
        "to_year": 2018,
    }))]
    struct EducationBody into EducationDetails {
        #[schema(min_length = 1, max_length = 150)]
        institution: String,
        #[schema(min_length = 1, max_length = 100)]
        degree: Option<String>,
        /// The field of study.
        #[schema(min_length = 1, max_length = 100)]
        field: Option<String>,
        #[schema(minimum = 1940, maximum = 2100)]
        from_year: Option<i32>,
        #[schema(minimum = 1940, maximum = 2100)]
        to_year: Option<i32>,
    }
    |body, violations| {
        let institution = violations.check("institution", Institution::parse(&body.institution));
        let degree = violations.optional("degree", body.degree, DegreeName::parse);
        let field = violations.optional("field", body.field, Subject::parse);
        let years = match years(body.from_year, body.to_year) {
            Ok(years) => Some(years),
            Err((name, violation)) => violations.check(name, Err(violation)),
        };
        let (from_year, to_year) = years?;
        Some(EducationDetails {
            institution: institution?,
            degree,
            field,
            from_year,
            to_year,
        })
    }
}

fn education(own: &OwnProfile, id: EducationId) -> Result<EducationForm, Problem> {
    let mut entries = own.visible.educations().iter();
    let entry = entries.find(|entry| entry.id == id);
    entry.map(EducationForm::from).ok_or_else(no_entry)
}

/// Add an education to your profile.
///
/// Up to 10 entries. Awards of the university come from the register, and are no entries.
#[utoipa::path(
    tag = "profile",
    request_body = EducationBody,
    responses((status = 201, description = "The entry; `Location` is its address.", body = EducationForm), Conflicts),
)]
#[post("/me/profile/educations")]
async fn add_education(alumni: Alumni, caller: CurrentUser, body: Body<EducationBody>) -> Answer {
    let (id, own) = alumni.profiles.add_education(caller.0, body.0).await?;
    let path = format!("/me/profile/educations/{id}");
    Ok(created(&path, &education(&own, id)?))
}

/// Replace an education on your profile.
#[utoipa::path(
    tag = "profile",
    params(ByUuid, IfMatchParameter),
    request_body = EducationBody,
    responses((status = 200, description = "The entry.", body = EducationForm)),
)]
#[put("/me/profile/educations/{uuid}")]
async fn replace_education(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<EducationBody>,
) -> Answer {
    let id = path.id();
    let own = alumni
        .profiles
        .replace_education(caller.0, id, body.0, expected.0)
        .await?;
    versioned(&education(&own, id)?, own.version())
}

/// Remove an education from your profile.
#[utoipa::path(
    tag = "profile",
    params(ByUuid),
    responses((status = 204, description = "The entry is gone.")),
)]
#[delete("/me/profile/educations/{uuid}")]
async fn remove_education(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    let removed = alumni.profiles.remove_education(caller.0, path.id());
    removed.await?;
    Ok(no_content())
}

request_body! {
    /// A web address.
    #[schema(example = json!({"kind": "github", "url": "https://github.com/fbello"}))]
    struct ProfileLinkBody into LinkDraft {
        /// `website`, `linkedin`, `github`, `facebook`, `instagram`, `x`, `youtube`, `orcid`, `scholar` or `other`.
        kind: String,
        /// Begins with `https://`; a host name without user and port; other letters in the path in percent encoding.
        #[schema(max_length = 300)]
        url: String,
    }
    |body, violations| {
        let kind = LinkKind::from_name(&body.kind).ok_or(Violation {
            code: "kind.unknown",
            rule: "must be a kind of address such as website",
        });
        let kind = violations.check("kind", kind);
        let url = violations.check("url", LinkUrl::parse(&body.url));
        Some(LinkDraft {
            kind: kind?,
            url: url?,
        })
    }
}

fn link(own: &OwnProfile, id: LinkId) -> Result<LinkForm, Problem> {
    let mut entries = own.visible.links().iter();
    let entry = entries.find(|entry| entry.id == id);
    entry.map(LinkForm::from).ok_or_else(no_entry)
}

/// Add a web address to your profile.
///
/// Up to 10 entries.
#[utoipa::path(
    tag = "profile",
    request_body = ProfileLinkBody,
    responses((status = 201, description = "The entry; `Location` is its address.", body = LinkForm), Conflicts),
)]
#[post("/me/profile/links")]
async fn add_link(alumni: Alumni, caller: CurrentUser, body: Body<ProfileLinkBody>) -> Answer {
    let (id, own) = alumni.profiles.add_link(caller.0, body.0).await?;
    let path = format!("/me/profile/links/{id}");
    Ok(created(&path, &link(&own, id)?))
}

/// Replace a web address on your profile.
#[utoipa::path(
    tag = "profile",
    params(ByUuid, IfMatchParameter),
    request_body = ProfileLinkBody,
    responses((status = 200, description = "The entry.", body = LinkForm)),
)]
#[put("/me/profile/links/{uuid}")]
async fn replace_link(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
    expected: IfMatch,
    body: Body<ProfileLinkBody>,
) -> Answer {
    let id = path.id();
    let own = alumni
        .profiles
        .replace_link(caller.0, id, body.0, expected.0)
        .await?;
    versioned(&link(&own, id)?, own.version())
}

/// Remove a web address from your profile.
#[utoipa::path(
    tag = "profile",
    params(ByUuid),
    responses((status = 204, description = "The entry is gone.")),
)]
#[delete("/me/profile/links/{uuid}")]
async fn remove_link(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    alumni.profiles.remove_link(caller.0, path.id()).await?;
    Ok(no_content())
}
