//! Routes of permissions, roles and groups: one set of handlers for all three.

use std::marker::PhantomData;

use abu_application::access::{NamedSetChange, NamedSetDraft, NamedSetKind};
use abu_domain::{
    access::{AccessName, NamedSet},
    platform::text::Description,
};

use super::{
    names::{MAX_NAMES, NameFilterParameters},
    problems::no_such,
};
use crate::areas::prelude::*;

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
    const SORTS: [&'static str; 2] = ["name", "-name"];

    fn position(set: &NamedSet<N>) -> String {
        set.name.to_string()
    }
}

/// The name in a path.
pub(super) fn named<N: NamedSetKind>(text: &str) -> Result<N, Problem> {
    N::parse(text).map_err(|_| no_such(N::KIND))
}

pub(super) fn with_version<N: Resource>(set: NamedSet<N>) -> Answer {
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
            params(Page::<ByNames<$name>>),
            responses((status = 200, description = $list_answer, body = ListBody<$entry>), StaffOnly),
        )]
        #[get($all)]
        async fn $list(access: Access, caller: CurrentUser, page: Page<ByNames<$name>>) -> Answer {
            let sets = access.control.list_named(caller.0, page.filter, page.request);
            page.reply.with(sets.await?)
        }

        $(#[doc = $create_doc])*
        #[utoipa::path(
            tag = "access",
            request_body = $draft,
            responses((status = 201, description = $create_answer, body = $entry), StaffOnly, Duplicates),
        )]
        #[post($all)]
        async fn $create(access: Access, caller: CurrentUser, body: Body<$draft>) -> Answer {
            let set = access.control.create_named(caller.0, body.0).await?;
            let path = format!(concat!($all, "/{}"), set.name);
            Ok(created(&path, &$entry::from(set)))
        }

        $(#[doc = $get_doc])*
        #[utoipa::path(
            tag = "access",
            params(ByName),
            responses((status = 200, description = $answer, body = $entry), StaffOnly),
        )]
        #[get($one)]
        async fn $get(access: Access, caller: CurrentUser, path: Path<ByName>) -> Answer {
            let name = named::<$name>(&path.name)?;
            with_version(access.control.get_named(caller.0, name).await?)
        }

        $(#[doc = $update_doc])*
        #[utoipa::path(
            tag = "access",
            params(ByName, $update_header),
            request_body = $change,
            responses((status = 200, description = $answer, body = $entry), StaffOnly, ConflictsAndDuplicates),
        )]
        #[put($one)]
        async fn $update(
            access: Access,
            caller: CurrentUser,
            path: Path<ByName>,
            expected: $update_if_match,
            body: Body<$change>,
        ) -> Answer {
            let name = named::<$name>(&path.name)?;
            with_version(access.control.update_named(caller.0, name, body.0, expected.0).await?)
        }

        $(#[doc = $delete_doc])*
        #[utoipa::path(
            tag = "access",
            params(ByName, IfMatchParameter),
            responses((status = 204, description = "Deleted."), StaffOnly, Conflicts),
        )]
        #[delete($one)]
        async fn $delete(
            access: Access,
            caller: CurrentUser,
            path: Path<ByName>,
            expected: IfMatch,
        ) -> Answer {
            let name = named::<$name>(&path.name)?;
            access.control.delete_named(caller.0, name, expected.0).await?;
            Ok(no_content())
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
        remove: $remove:ident, $($problems:ident),+;
        $(#[doc = $remove_one_doc:literal])*
        remove_one: $remove_one:ident;
    ) => {
        $(#[doc = $add_doc])*
        #[utoipa::path(
            tag = "access",
            params($path, IfMatchParameter),
            request_body = $parts,
            responses((status = 200, description = $answer, body = $entry), StaffOnly),
        )]
        #[post($all)]
        async fn $add(
            access: Access,
            caller: CurrentUser,
            path: Path<$path>,
            expected: IfMatch,
            body: Body<$parts>,
        ) -> Answer {
            let set = named::<$name>(&path.$set)?;
            with_version(access.control.add_parts(caller.0, set, body.0, expected.0).await?)
        }

        $(#[doc = $remove_doc])*
        #[utoipa::path(
            tag = "access",
            params($path, IfMatchParameter),
            request_body = $parts,
            responses((status = 204, description = "Taken out."), $($problems),+),
        )]
        #[delete($all)]
        async fn $remove(
            access: Access,
            caller: CurrentUser,
            path: Path<$path>,
            expected: IfMatch,
            body: Body<$parts>,
        ) -> Answer {
            let set = named::<$name>(&path.$set)?;
            access.control.remove_parts(caller.0, set, body.0, expected.0).await?;
            Ok(no_content())
        }

        $(#[doc = $remove_one_doc])*
        #[utoipa::path(
            tag = "access",
            params($part_path, IfMatchParameter),
            responses((status = 204, description = "Taken out."), $($problems),+),
        )]
        #[delete($one)]
        async fn $remove_one(
            access: Access,
            caller: CurrentUser,
            path: Path<$part_path>,
            expected: IfMatch,
        ) -> Answer {
            let (set, part) = (named::<$name>(&path.$part_set)?, named(&path.$part)?);
            access.control.remove_part(caller.0, set, part, expected.0).await?;
            Ok(no_content())
        }
    };
}

pub(super) use {named_set_routes, part_routes};
