//! Skills on the caller's profile.

use abu_application::alumni::profiles::OwnProfile;
use abu_domain::alumni::profiles::{MAX_SKILLS, TermName, Vocabulary};

use super::dto::TermForm;
use crate::areas::prelude::*;

routes! { set_skills, add_skill, remove_skill }

/// Your skills, in your order.
#[derive(Serialize, ToSchema)]
struct OwnSkills {
    items: Vec<TermForm>,
}

impl From<&OwnProfile> for OwnSkills {
    fn from(own: &OwnProfile) -> Self {
        Self {
            items: own.visible.skills().iter().map(TermForm::from).collect(),
        }
    }
}

fn skill(text: &str) -> Result<TermName, Violation> {
    TermName::parse(Vocabulary::Skills, text)
}

request_body! {
    /// All your skills.
    #[schema(example = json!({"skills": ["Statistics", "Rust"]}))]
    struct SkillsBody into Vec<TermName> {
        /// Their names, in your order. Spellings of one skill count once.
        #[schema(max_items = 30)]
        skills: Vec<String>,
    }
    |body, violations| violations.list("skills", body.skills, MAX_SKILLS, |text: String| skill(&text))
}

/// Replace your skills.
///
/// Up to 30, in your order. A new name is shown on your profile; others see it as a suggestion once three members use it
/// or the office confirms it.
#[utoipa::path(
    tag = "profile",
    params(IfMatchParameter),
    request_body = SkillsBody,
    responses((status = 200, description = "Your skills.", body = OwnSkills), Conflicts),
)]
#[put("/me/profile/skills")]
async fn set_skills(
    alumni: Alumni,
    caller: CurrentUser,
    expected: IfMatch,
    body: Body<SkillsBody>,
) -> Answer {
    let own = alumni.profiles.set_skills(caller.0, body.0, expected.0);
    let own = own.await?;
    versioned(&OwnSkills::from(&own), own.version())
}

request_body! {
    /// A skill.
    #[schema(example = json!({"name": "Statistics"}))]
    struct SkillBody into TermName {
        #[schema(min_length = 1, max_length = 60)]
        name: String,
    }
    |body, violations| violations.check("name", skill(&body.name))
}

/// Add a skill to your profile.
///
/// Behind your other ones, unless you have it.
#[utoipa::path(
    tag = "profile",
    request_body = SkillBody,
    responses((status = 200, description = "Your skills.", body = OwnSkills), Conflicts),
)]
#[post("/me/profile/skills")]
async fn add_skill(alumni: Alumni, caller: CurrentUser, body: Body<SkillBody>) -> Answer {
    let own = alumni.profiles.add_skill(caller.0, body.0).await?;
    Ok(HttpResponse::Ok().json(OwnSkills::from(&own)))
}

/// Remove a skill from your profile.
#[utoipa::path(
    tag = "profile",
    params(ByUuid),
    responses((status = 204, description = "The skill is gone.")),
)]
#[delete("/me/profile/skills/{uuid}")]
async fn remove_skill(alumni: Alumni, caller: CurrentUser, path: Path<ByUuid>) -> Answer {
    alumni.profiles.remove_skill(caller.0, path.id()).await?;
    Ok(no_content())
}
