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
