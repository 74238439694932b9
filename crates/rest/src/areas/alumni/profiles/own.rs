//! The caller's own profile.

use abu_application::alumni::profiles::{OwnProfile, ProfilePatch};
use abu_domain::alumni::{
    profiles::{Bio, City, Headline, Slug},
    visibility::Audience,
};
use actix_web::HttpRequest;

use super::dto::{OwnProfileForm, audience};
use crate::{areas::prelude::*, input::Query};

routes! { get_own_profile, modify_own_profile }

/// As whom to look.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AsParameter {
    /// `public`, `alumni` or `connection`: shows what they see of it. Without it, you see all of it.
    #[param(example = "alumni")]
    r#as: Option<String>,
}

pub(super) fn with_version(own: OwnProfile) -> Answer {
    let version = own.version();
    versioned(&OwnProfileForm::from(own), version)
}

/// See your profile, or what others see of it.
///
/// The names and the awards come from the register; the office corrects them. As `public`, a profile is not found whose
/// name is not public: it has no page.
#[utoipa::path(
    tag = "profile",
    params(AsParameter),
    responses((status = 200, description = "The profile.", body = OwnProfileForm)),
)]
#[get("/me/profile")]
async fn get_own_profile(alumni: Alumni, caller: CurrentUser, request: HttpRequest) -> Answer {
    let mut query = Query::parse(request.query_string());
    let parameters: AsParameter = query.read()?;
    let viewed_as = query.violations.optional("as", parameters.r#as, audience);
    let viewed_as = query
        .violations
        .finish(Some(viewed_as.unwrap_or(Audience::Owner)))?;
    with_version(alumni.profiles.get_own(caller.0, viewed_as).await?)
}

/// The form of a code; the use case knows which there are.
fn code(text: &str) -> Result<String, Violation> {
    short_text(text)
}

request_body! {
    /// What changes in your profile: a merge patch (RFC 7396). Null removes a value.
    #[schema(example = json!({"headline": "Data engineer in Kaduna", "country": "NG", "state": "kaduna", "bio": null}))]
    struct ProfilePatchBody into ProfilePatch {
        /// What you want to be called instead of your given names. It must share a name with them, or a spelling of one.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
        preferred_name: Option<Option<String>>,
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>, min_length = 1, max_length = 120)]
        headline: Option<Option<String>>,
        /// Up to 1,000 characters, in several lines.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
        bio: Option<Option<String>>,
        /// A code of `/reference/countries`.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>)]
        country: Option<Option<String>>,
        /// A code of `/reference/states`; in Nigeria alone.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>)]
        state: Option<Option<String>>,
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>, min_length = 1, max_length = 80)]
        city: Option<Option<String>>,
        /// A code of `/reference/industries`.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>)]
        industry: Option<Option<String>>,
        /// The address of your public page: 3 to 40 letters a-z and digits, with single hyphens between them. Null
        /// removes the page.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>, min_length = 3, max_length = 40)]
        slug: Option<Option<String>>,
        /// Whether search engines may index your public page.
        #[serde(default, deserialize_with = "present")]
        #[schema(nullable = false)]
        allow_indexing: Option<bool>,
    }
    |body, violations| {
        macro_rules! patched {
            ($field:ident, $parse:expr) => {
                body.$field
                    .map(|text| violations.optional(stringify!($field), text, $parse))
            };
        }
        Some(ProfilePatch {
            preferred_name: patched!(preferred_name, short_text),
            headline: patched!(headline, Headline::parse),
            bio: patched!(bio, Bio::parse),
            country: patched!(country, code),
            state: patched!(state, code),
            city: patched!(city, City::parse),
            industry: patched!(industry, code),
            slug: patched!(slug, Slug::parse),
            allow_indexing: body.allow_indexing,
        })
    }
}

/// Change your profile.
///
/// Takes the `ETag` of your profile. Entries have routes of their own and change the same `ETag`. The names are locked:
/// `preferred_name` may replace the given names. A taken `slug` is a conflict `slug-taken`.
#[utoipa::path(
    tag = "profile",
    params(RequiredIfMatchParameter),
    request_body = ProfilePatchBody,
    responses((status = 200, description = "The profile.", body = OwnProfileForm), Conflicts),
)]
#[patch("/me/profile")]
async fn modify_own_profile(
    alumni: Alumni,
    caller: CurrentUser,
    expected: RequiredIfMatch,
    body: Body<ProfilePatchBody>,
) -> Answer {
    let own = alumni.profiles.modify(caller.0, body.0, expected.0);
    with_version(own.await?)
}
