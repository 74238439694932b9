//! Profiles of others, and public pages.

use abu_application::alumni::profiles::ProfileError;
use abu_domain::alumni::profiles::Slug;
use actix_web::http::header::{HeaderName, HeaderValue};

use super::dto::ProfileForm;
use crate::areas::prelude::*;

routes! { get_profile, get_public_page }

problems! {
    GraduatesAlone: NotVerifiedAlumni;
}

/// See a member's profile.
///
/// For verified graduates, up to 300 times a day. The answer has what its member shows you; a hidden field is absent. A
/// member who does not show you the profile is not found, as one is not who does not exist.
#[utoipa::path(
    tag = "profile",
    params(ByUuid),
    responses(
        (status = 200, description = "What you may see of it.", body = ProfileForm),
        GraduatesAlone,
    ),
)]
#[get("/profiles/{uuid}")]
async fn get_profile(
    alumni: Alumni,
    caller: CurrentUser,
    path: Path<ByUuid>,
) -> Answer<Json<ProfileForm>> {
    let shown = alumni.profiles.get(caller.0, path.id()).await?;
    Ok(Json(ProfileForm::from(&shown.0)))
}

/// The path of a public page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
struct BySlug {
    /// The address that its member chose.
    #[param(example = "fatima-bello")]
    slug: String,
}

/// See a member's public page.
///
/// There is one if its member chose an address and made the name public. Search engines must not index it, as the header
/// `X-Robots-Tag` says, unless its member allows it. Takes no access token.
#[utoipa::path(
    tag = "profile",
    security(()),
    params(BySlug),
    responses((status = 200, description = "What its member makes public.", body = ProfileForm), Overload),
)]
#[get("/p/{slug}")]
async fn get_public_page(alumni: Alumni, path: Path<BySlug>) -> Answer {
    let slug = Slug::parse(&path.slug).map_err(|_no_slug| ProfileError::NotFound)?;
    let page = alumni.profiles.get_public(slug).await?;
    let mut answer = HttpResponse::Ok();
    if !page.allow_indexing {
        answer.insert_header((
            HeaderName::from_static("x-robots-tag"),
            HeaderValue::from_static("noindex"),
        ));
    }
    Ok(answer.json(ProfileForm::from(&page.visible)))
}
