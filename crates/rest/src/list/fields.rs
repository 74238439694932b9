//! Which fields entries have, and which of them a client wants.

use std::collections::{BTreeMap, BTreeSet};

use utoipa::{
    ToSchema,
    openapi::{OpenApi, RefOr, Schema},
};

use crate::input::Violations;

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// The fields of every kind of entry, by the name of its schema: what the API description says is
/// what can be asked for.
#[derive(Debug)]
pub(crate) struct EntryFields(BTreeMap<String, BTreeSet<String>>);

impl EntryFields {
    pub(crate) fn of(description: &OpenApi) -> Self {
        let Some(components) = &description.components else {
            return Self(BTreeMap::new());
        };
        let schemas: &Schemas = &components.schemas;
        let fields = |(name, schema): (&String, _)| {
            let mut fields = BTreeSet::new();
            collect_fields(schema, schemas, &mut fields);
            (name.clone(), fields)
        };
        Self(schemas.iter().map(fields).collect())
    }

    /// The fields of an `E` that the parameter `fields` names.
    pub(super) fn chosen<E: ToSchema>(
        &self,
        fields: Option<String>,
        violations: &mut Violations,
    ) -> Option<BTreeSet<String>> {
        let text = violations.optional("fields", fields, |text| Ok(text.to_owned()))?;
        let none = BTreeSet::new();
        let known = self.0.get(E::name().as_ref()).unwrap_or(&none);
        parse_fields(&text, known)
            .map_err(|(code, rule)| violations.refuse("fields", code, &rule))
            .ok()
    }
}

/// A schema's own fields, and those of whatever is flattened into it.
fn collect_fields(schema: &RefOr<Schema>, all: &Schemas, fields: &mut BTreeSet<String>) {
    match schema {
        RefOr::T(Schema::Object(object)) => fields.extend(object.properties.keys().cloned()),
        RefOr::T(Schema::AllOf(parts)) => {
            for part in &parts.items {
                collect_fields(part, all, fields);
            }
        }
        RefOr::T(_) => {}
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next();
            if let Some(schema) = name.and_then(|name| all.get(name)) {
                collect_fields(schema, all, fields);
            }
        }
    }
}

fn parse_fields(
    text: &str,
    known: &BTreeSet<String>,
) -> Result<BTreeSet<String>, (&'static str, String)> {
    let mut chosen = BTreeSet::new();
    for name in text.split(',') {
        if name.is_empty() {
            return Err((
                "fields.empty",
                "must be names of fields, separated by commas".to_owned(),
            ));
        }
        if !known.contains(name) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            // The name itself is not repeated: it may be anything.
            return Err((
                "fields.unknown",
                format!("can only name these: {}", known.join(", ")),
            ));
        }
        if !chosen.insert(name.to_owned()) {
            return Err(("fields.repeated", "must name each field once".to_owned()));
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;
    use crate::{input::Query, list::PageParameters};

    #[derive(Serialize, ToSchema)]
    struct Inner {
        uuid: u32,
        name: String,
    }

    #[derive(Serialize, ToSchema)]
    struct Outer {
        #[serde(flatten)]
        inner: Inner,
        last_message: Option<Inner>,
        #[serde(rename = "type")]
        kind: u32,
        #[serde(skip)]
        _hidden: u32,
    }

    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(Outer, Inner)))]
    struct Description;

    fn chosen(query: &str) -> Result<Option<Vec<String>>, String> {
        let fields = EntryFields::of(&<Description as utoipa::OpenApi>::openapi());
        let mut query = Query::parse(query);
        let PageParameters { fields: wanted, .. } = query.read().unwrap();
        let chosen = fields.chosen::<Outer>(wanted, &mut query.violations);
        query
            .violations
            .finish(Some(()))
            .map(|()| chosen.map(|names| names.into_iter().collect()))
            .map_err(|problem| {
                let document = serde_json::to_value(problem.document(None)).unwrap();
                assert_eq!(document["errors"][0]["parameter"], "fields");
                document["errors"][0]["code"].as_str().unwrap().to_owned()
            })
    }

    #[test]
    fn the_fields_of_an_entry_are_its_own_and_those_flattened_into_it() {
        for (query, expected) in [
            ("fields=uuid", vec!["uuid"]),
            (
                "fields=name,last_message,type",
                vec!["last_message", "name", "type"],
            ),
        ] {
            assert_eq!(chosen(query).unwrap().unwrap(), expected, "{query}");
        }
        assert_eq!(chosen("limit=3").unwrap(), None);
    }

    #[test]
    fn unknown_empty_and_repeated_names_are_told_apart() {
        for (query, code) in [
            ("fields=inner", "fields.unknown"),
            ("fields=_hidden", "fields.unknown"),
            ("fields=kind", "fields.unknown"),
            ("fields=UUID", "fields.unknown"),
            ("fields=uuid, name", "fields.unknown"),
            ("fields=last_message.uuid", "fields.unknown"),
            ("fields=", "fields.empty"),
            ("fields=uuid,", "fields.empty"),
            ("fields=uuid,,name", "fields.empty"),
            ("fields=uuid,name,uuid", "fields.repeated"),
            ("fields=uuid&fields=name", "repeated"),
        ] {
            assert_eq!(chosen(query), Err(code.to_owned()), "{query}");
        }
    }
}
