//! Routes of permissions, roles and groups: one set of handlers for all three.

use std::marker::PhantomData;

use abu_application::{
    access::{Composite, NamedSetChange, NamedSetDraft, NamedSetKind},
    platform::versions::{Expected, Version},
};
use abu_domain::{
    access::{AccessName, NamedSet},
    platform::text::Description,
};
use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::{names::MAX_NAMES, names::NameFilterParameters, problems::no_such};
use crate::{
    areas::common::created,
    caller::CurrentUser,
    input::Violations,
    list::{List, MAX_OTHERS, Page},
    middleware::conditional::versioned,
    problem::{Problem, problems},
    shared::State,
};

pub(super) type Answer = Result<HttpResponse, Problem>;

/// A kind of named set, as the API shows it.
pub(super) trait Resource: NamedSetKind {
    type Entry: From<NamedSet<Self>> + Serialize + ToSchema;
}

/// Named sets, by name.
pub(super) struct ByNames<N>(PhantomData<N>);

impl<N: Resource> List for ByNames<N> {
    type Filter = NameFilterParameters;
    type Item = NamedSet<N>;
    type Entry = N::Entry;
    type Position = String;
    const MAX_LIMIT: u32 = MAX_OTHERS;

    fn position(set: &NamedSet<N>) -> String {
        set.name.to_string()
    }
}

problems! {
    pub(super) ListProblems: CursorMismatch, PermissionDenied, TotpRequired, ValidationFailed;
    pub(super) CreateProblems: PermissionDenied, TotpRequired, Duplicate;
    pub(super) OneProblems: PermissionDenied, TotpRequired, NotFound;
    pub(super) UpdateProblems: PermissionDenied, TotpRequired, NotFound, Conflict, Duplicate;
    pub(super) ConflictProblems: PermissionDenied, TotpRequired, NotFound, Conflict;
}

pub(super) async fn list<N: Resource>(
    state: State,
    caller: CurrentUser,
    page: Page<ByNames<N>>,
) -> Answer {
    let access = &state.access.control;
    let sets = access.list_named::<N>(caller.caller, page.filter, page.request);
    page.reply.with(sets.await?)
}

/// `path` is where the kind is listed.
pub(super) async fn create<N: Resource>(
    state: State,
    caller: CurrentUser,
    path: &str,
    draft: NamedSetDraft<N>,
) -> Answer {
    let set = state
        .access
        .control
        .create_named(caller.caller, draft)
        .await?;
    let path = format!("{path}/{}", set.name);
    Ok(created(&path, &N::Entry::from(set)))
}

pub(super) async fn get<N: Resource>(state: State, caller: CurrentUser, name: &str) -> Answer {
    let set = state
        .access
        .control
        .get_named(caller.caller, named::<N>(name)?);
    with_version(set.await?)
}

pub(super) async fn update<N: Resource>(
    state: State,
    caller: CurrentUser,
    name: &str,
    change: NamedSetChange<N>,
    expected: Expected,
) -> Answer {
    let (access, name) = (&state.access.control, named(name)?);
    let set = access.update_named(caller.caller, name, change, expected);
    with_version(set.await?)
}

pub(super) async fn delete<N: Resource>(
    state: State,
    caller: CurrentUser,
    name: &str,
    expected: Expected,
) -> Answer {
    let (access, name) = (&state.access.control, named::<N>(name)?);
    access.delete_named(caller.caller, name, expected).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) async fn add_parts<N: Resource + Composite>(
    state: State,
    caller: CurrentUser,
    name: &str,
    parts: Vec<N::Part>,
    expected: Expected,
) -> Answer {
    let (access, name) = (&state.access.control, named::<N>(name)?);
    let set = access.add_parts(caller.caller, name, parts, expected);
    with_version(set.await?)
}

pub(super) async fn remove_parts<N: Resource + Composite>(
    state: State,
    caller: CurrentUser,
    name: &str,
    parts: Vec<N::Part>,
    expected: Expected,
) -> Answer {
    let (access, name) = (&state.access.control, named::<N>(name)?);
    let set = access.remove_parts(caller.caller, name, parts, expected);
    set.await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) async fn remove_part<N: Resource + Composite>(
    state: State,
    caller: CurrentUser,
    name: &str,
    part: &str,
    expected: Expected,
) -> Answer {
    let (access, name, part) = (&state.access.control, named::<N>(name)?, named(part)?);
    let set = access.remove_part(caller.caller, name, part, expected);
    set.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The name in a path.
fn named<N: NamedSetKind>(text: &str) -> Result<N, Problem> {
    N::parse(text).map_err(|_| no_such(N::KIND))
}

fn with_version<N: Resource>(set: NamedSet<N>) -> Answer {
    let version = Version::of(set.last_modified);
    versioned(&N::Entry::from(set), version)
}

/// Parses the fields of a new set.
pub(super) fn draft<N: NamedSetKind>(
    violations: &mut Violations,
    name: &str,
    description: Option<String>,
    parts: Option<Vec<String>>,
) -> Option<NamedSetDraft<N>> {
    let name = violations.check("name", N::parse(name));
    let description = violations.optional("description", description, Description::parse);
    let parts = self::parts::<N>(violations, parts.unwrap_or_default());
    Some(NamedSetDraft {
        name: name?,
        description: description.unwrap_or_default(),
        parts: parts?,
    })
}

/// Parses the fields that replace a set.
pub(super) fn change<N: NamedSetKind>(
    violations: &mut Violations,
    name: Option<String>,
    description: &str,
    parts: Vec<String>,
) -> Option<NamedSetChange<N>> {
    let name = violations.optional("name", name, N::parse);
    let description = violations.check("description", Description::parse(description));
    let parts = self::parts::<N>(violations, parts);
    Some(NamedSetChange {
        name,
        description: description?,
        parts: parts?,
    })
}

/// Parses the names of parts.
pub(super) fn parts<N: NamedSetKind>(
    violations: &mut Violations,
    names: Vec<String>,
) -> Option<Vec<N::Part>> {
    violations.list(N::PARTS, names, MAX_NAMES, |name| N::Part::parse(&name))
}

/// The routes of one kind. The doc comments are the summary and the description of each operation.
macro_rules! named_set_routes {
    (
        $name:ident as $entry:ident at $all:literal and $one:literal;
        $(#[doc = $list_doc:literal])*
        list: $list:ident, $list_answer:literal;
        $(#[doc = $create_doc:literal])*
        create: $create:ident($draft:ident), $create_answer:literal;
        $(#[doc = $get_doc:literal])*
        get: $get:ident, $answer:literal;
        $(#[doc = $update_doc:literal])*
        update: $update:ident($change:ident, $update_if_match:ident, $update_header:ident);
        $(#[doc = $delete_doc:literal])*
        delete: $delete:ident;
    ) => {
        impl Resource for $name {
            type Entry = $entry;
        }

        $(#[doc = $list_doc])*
        #[utoipa::path(
            tag = "access",
            security(("bearer" = [])),
            params(PageParameters, NameFilterParameters),
            responses(
                (status = 200, description = $list_answer, body = ListBody<$entry>),
                ListProblems,
            ),
        )]
        #[get($all)]
        async fn $list(state: State, caller: CurrentUser, page: Page<ByNames<$name>>) -> Answer {
            named_sets::list(state, caller, page).await
        }

        $(#[doc = $create_doc])*
        #[utoipa::path(
            tag = "access",
            security(("bearer" = [])),
            request_body = $draft,
            responses(
                (status = 201, description = $create_answer, body = $entry),
                CreateProblems,
            ),
        )]
        #[post($all)]
        async fn $create(state: State, caller: CurrentUser, body: Body<$draft>) -> Answer {
            named_sets::create(state, caller, $all, body.0).await
        }

        $(#[doc = $get_doc])*
        #[utoipa::path(
            tag = "access",
            security(("bearer" = [])),
            params(ByName),
            responses((status = 200, description = $answer, body = $entry), OneProblems),
        )]
        #[get($one)]
        async fn $get(state: State, caller: CurrentUser, path: Path<ByName>) -> Answer {
            named_sets::get::<$name>(state, caller, &path.name).await
        }

        $(#[doc = $update_doc])*
        #[utoipa::path(
            tag = "access",
            security(("bearer" = [])),
            params(ByName, $update_header),
            request_body = $change,
            responses((status = 200, description = $answer, body = $entry), UpdateProblems),
        )]
        #[put($one)]
        async fn $update(
            state: State,
            caller: CurrentUser,
            path: Path<ByName>,
            expected: $update_if_match,
            body: Body<$change>,
        ) -> Answer {
            named_sets::update::<$name>(state, caller, &path.name, body.0, expected.0).await
        }

        $(#[doc = $delete_doc])*
        #[utoipa::path(
            tag = "access",
            security(("bearer" = [])),
            params(ByName, IfMatchParameter),
            responses((status = 204, description = "Deleted."), ConflictProblems),
        )]
        #[delete($one)]
        async fn $delete(
            state: State,
            caller: CurrentUser,
            path: Path<ByName>,
            expected: IfMatch,
        ) -> Answer {
            named_sets::delete::<$name>(state, caller, &path.name, expected.0).await
        }
    };
}

/// The routes of the parts of one kind.
macro_rules! part_routes {
    (
        $name:ident as $entry:ident;
        $all:literal in $path:ident($set:ident);
        $one:literal in $part_path:ident($part_set:ident, $part:ident);
        $(#[doc = $add_doc:literal])*
        add: $add:ident($parts:ident), $answer:literal;
        $(#[doc = $remove_doc:literal])*
        remove: $remove:ident($removed:ident), $problems:ident;
        $(#[doc = $remove_one_doc:literal])*
        remove_one: $remove_one:ident;
    ) => {
        $(#[doc = $add_doc])*
        #[utoipa::path(
            tag = "access",
            security(("bearer" = [])),
            params($path, IfMatchParameter),
            request_body = $parts,
            responses((status = 200, description = $answer, body = $entry), OneProblems),
        )]
        #[post($all)]
        async fn $add(
            state: State,
            caller: CurrentUser,
            path: Path<$path>,
            expected: IfMatch,
            body: Body<$parts>,
        ) -> Answer {
            named_sets::add_parts::<$name>(state, caller, &path.$set, body.0, expected.0).await
        }

        $(#[doc = $remove_doc])*
        #[utoipa::path(
            tag = "access",
            security(("bearer" = [])),
            params($path, IfMatchParameter),
            request_body = $removed,
            responses((status = 204, description = "Taken out."), $problems),
        )]
        #[delete($all)]
        async fn $remove(
            state: State,
            caller: CurrentUser,
            path: Path<$path>,
            expected: IfMatch,
            body: Body<$removed>,
        ) -> Answer {
            named_sets::remove_parts::<$name>(state, caller, &path.$set, body.0, expected.0).await
        }

        $(#[doc = $remove_one_doc])*
        #[utoipa::path(
            tag = "access",
            security(("bearer" = [])),
            params($part_path, IfMatchParameter),
            responses((status = 204, description = "Taken out."), $problems),
        )]
        #[delete($one)]
        async fn $remove_one(
            state: State,
            caller: CurrentUser,
            path: Path<$part_path>,
            expected: IfMatch,
        ) -> Answer {
            let (set, part) = (&path.$part_set, &path.$part);
            named_sets::remove_part::<$name>(state, caller, set, part, expected.0).await
        }
    };
}

pub(super) use {named_set_routes, part_routes};
