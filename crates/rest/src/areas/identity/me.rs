//! The caller's own account.

use abu_application::identity::own_account::{OwnAccount, OwnPatch};
use abu_domain::{identity::text::PhoneNumber, platform::text::PersonName};

use crate::areas::{access::dto::HeldPermission, identity::dto::Account, prelude::*};

routes! {
    get_own_account, list_own_permissions, modify_own_account, deactivate_own_account,
    reactivate_own_account,
}

/// See your own account and what you may do.
#[utoipa::path(tag = "me", responses((status = 200, description = "The account.", body = Account)))]
#[get("/me")]
async fn get_own_account(identity: Identity, caller: CurrentUser) -> Answer {
    with_version(identity.own_accounts.get(caller.0).await?)
}

fn with_version(account: OwnAccount) -> Answer {
    let version = Version::of(account.user.last_modified);
    versioned(&Account::from(account), version)
}

/// What you may do.
#[derive(Serialize, ToSchema)]
struct OwnPermissions {
    /// Those that count everywhere first, then those of each chapter.
    items: Vec<HeldPermission>,
}

/// List what you may do, where, and until when.
///
/// What you hold by your groups and by roles assigned to you, each permission once a scope.
#[utoipa::path(
    tag = "me",
    responses((status = 200, description = "The permissions.", body = OwnPermissions)),
)]
#[get("/me/permissions")]
async fn list_own_permissions(access: Access, caller: CurrentUser) -> Answer<Json<OwnPermissions>> {
    let held = access.control.own_permissions(caller.0).await?;
    Ok(Json(OwnPermissions {
        items: held.into_iter().map(HeldPermission::from).collect(),
    }))
}

request_body! {
    /// What is to be changed: a merge patch (RFC 7396).
    #[schema(example = json!({"phone": "0803 123 4567", "middlename": null}))]
    struct AccountPatch into OwnPatch {
        #[serde(default, deserialize_with = "present")]
        #[schema(min_length = 1, max_length = 100, nullable = false)]
        firstname: Option<String>,
        /// Null removes it.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
        middlename: Option<Option<String>>,
        #[serde(default, deserialize_with = "present")]
        #[schema(min_length = 1, max_length = 100, nullable = false)]
        lastname: Option<String>,
        /// With its country code, or in Nigeria's national form; null removes it.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = Option<String>)]
        phone: Option<Option<String>>,
    }
    |body, violations| {
        Some(OwnPatch {
            firstname: violations.optional("firstname", body.firstname, PersonName::parse),
            middlename: body
                .middlename
                .map(|name| violations.optional("middlename", name, PersonName::parse)),
            lastname: violations.optional("lastname", body.lastname, PersonName::parse),
            phone: body
                .phone
                .map(|phone| violations.optional("phone", phone, PhoneNumber::parse)),
        })
    }
}

/// Change your own account.
///
/// Names are locked once the university has verified them; a conflict `names-locked` says so.
#[utoipa::path(
    tag = "me",
    params(IfMatchParameter),
    request_body = AccountPatch,
    responses((status = 200, description = "The account.", body = Account), Conflicts),
)]
#[patch("/me")]
async fn modify_own_account(
    identity: Identity,
    caller: CurrentUser,
    expected: IfMatch,
    body: Body<AccountPatch>,
) -> Answer {
    let account = identity.own_accounts.modify(caller.0, body.0, expected.0);
    with_version(account.await?)
}

/// Hide your account.
///
/// Members cannot add you to a room, you leave the chat, and your other sessions end. Until it is shown
/// again, by `POST /me/reactivate` or by logging in, only what is about your own account can be used.
#[utoipa::path(tag = "me", responses((status = 204, description = "The account is hidden.")))]
#[post("/me/deactivate")]
async fn deactivate_own_account(identity: Identity, caller: CurrentUser) -> Answer {
    identity.own_accounts.deactivate(caller.0).await?;
    Ok(no_content())
}

/// Show your account again.
#[utoipa::path(tag = "me", responses((status = 204, description = "The account is shown.")))]
#[post("/me/reactivate")]
async fn reactivate_own_account(identity: Identity, caller: CurrentUser) -> Answer {
    identity.own_accounts.reactivate(caller.0).await?;
    Ok(no_content())
}
