//! The OpenAPI document and the documentation pages.

use std::collections::BTreeSet;

use abu_domain::access::Permission;
use abu_rest::ProblemKind;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::support::{Answer, Rig, Subjects, pairs};

pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) value: Value,
}

pub(super) fn operations(description: &Value) -> Vec<Operation> {
    let paths = description["paths"].as_object().unwrap();
    let mut operations = Vec::new();
    for (path, item) in paths {
        for (method, value) in item.as_object().unwrap() {
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                value: value.clone(),
            });
        }
    }
    operations
}

/// A schema, after following a reference.
fn resolved<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            let name = reference.strip_prefix("#/components/schemas/").unwrap();
            resolved(description, &description["components"]["schemas"][name])
        }
        None => schema,
    }
}

/// Whether a reader is shown a value of this schema: as a whole, or in each of its parts.
fn has_example(description: &Value, schema: &Value) -> bool {
    let schema = resolved(description, schema);
    let parts = |name: &str| schema[name].as_array().filter(|parts| !parts.is_empty());
    if schema.get("example").is_some() || schema.get("examples").is_some() {
        return true;
    }
    if let Some(all) = parts("allOf") {
        return all.iter().all(|part| has_example(description, part));
    }
    if let Some(any) = parts("oneOf").or_else(|| parts("anyOf")) {
        return any.iter().any(|part| has_example(description, part));
    }
    match (&schema["items"], schema["properties"].as_object()) {
        (Value::Object(_), _) => has_example(description, &schema["items"]),
        (_, Some(properties)) => properties
            .values()
            .all(|property| has_example(description, property)),
        _ => false,
    }
}

#[tokio::test]
async fn every_operation_documents_its_problems_with_examples() {
    let description = Rig::start().await.description().await;
    for Operation {
        method,
        path,
        value,
    } in operations(&description)
    {
        let mut shown = BTreeSet::new();
        for (status, response) in value["responses"].as_object().unwrap() {
            assert!(!response["description"].as_str().unwrap().is_empty());
            let problem = &response["content"]["application/problem+json"];
            let Some(examples) = problem["examples"].as_object() else {
                assert!(status.as_str() < "400", "{method} {path} {status}");
                continue;
            };
            for (slug, example) in examples {
                let kind = ProblemKind::from_slug(slug).unwrap();
                assert_eq!(kind.status().as_str(), status, "{method} {path}");
                assert_eq!(example["value"]["type"], kind.address());
                shown.insert(slug.clone());
            }
        }
        let mut expected = vec!["unknown-parameter", "internal-error"];
        if path.starts_with("/api/") || path == "/chat" {
            expected.push("rate-limited");
        }
        if method == "POST" {
            expected.push("idempotency-key-invalid");
        }
        if let Some(body) = value.get("requestBody") {
            expected.extend([
                "unsupported-media",
                "validation-failed",
                "payload-too-large",
            ]);
            if body["content"].get("application/json").is_some() {
                expected.push("malformed-json");
            }
        }
        if value.get("security").is_some() {
            expected.extend(["authentication-required", "invalid-token", "token-expired"]);
            expected.extend(["account-suspended", "unavailable"]);
        }
        if path.contains('{') {
            expected.push("not-found");
        }
        for slug in expected {
            assert!(shown.contains(slug), "{method} {path} lacks {slug}");
        }
    }
}

#[tokio::test]
async fn every_operation_has_an_id_of_its_own_a_tag_and_words_about_it() {
    let description = Rig::start().await.description().await;
    let mut ids = BTreeSet::new();
    for Operation { value, .. } in operations(&description) {
        for name in ["operationId", "summary"] {
            assert!(
                value[name].as_str().is_some_and(|text| !text.is_empty()),
                "{value}"
            );
        }
        assert!(value["tags"][0].is_string(), "{value}");
        assert!(ids.insert(value["operationId"].to_string()), "{value}");
    }
    assert!(ids.len() > 20);
}

#[tokio::test]
async fn every_body_refuses_other_fields_and_every_reference_leads_somewhere() {
    let description = Rig::start().await.description().await;
    let operations = operations(&description);
    let bodies = operations
        .iter()
        .filter_map(|one| body_schema(&description, one));
    for schema in bodies {
        assert_eq!(schema["additionalProperties"], false, "{schema}");
    }
    for reference in description.to_string().split("\"$ref\":\"#").skip(1) {
        let place = reference.split('"').next().unwrap();
        assert!(description.pointer(place).is_some(), "{place}");
    }
}

/// The names of all fields in a schema.
fn field_names(description: &Value, schema: &Value, names: &mut BTreeSet<String>) {
    let schema = resolved(description, schema);
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        names.insert(name.clone());
        field_names(description, field, names);
    }
    let lists = ["allOf", "oneOf", "anyOf"];
    let parts = lists.iter().filter_map(|list| schema[*list].as_array());
    for part in parts.flatten().chain(schema.get("items")) {
        field_names(description, part, names);
    }
}

/// What lies in the database for a day must hold no secret.
#[tokio::test]
async fn answers_with_secrets_are_marked_so_that_they_are_not_kept() {
    const WORDS: [&str; 5] = ["token", "ticket", "secret", "password", "recovery"];
    let description = Rig::start().await.description().await;
    let mut marked = 0;
    for Operation {
        method,
        path,
        value,
    } in operations(&description)
    {
        if method != "POST" {
            continue;
        }
        let mut names = BTreeSet::new();
        for (_, response) in value["responses"].as_object().unwrap() {
            let schema = &response["content"]["application/json"]["schema"];
            field_names(&description, schema, &mut names);
        }
        let is_secret = |name: &String| WORDS.iter().any(|word| name.contains(word));
        let is_marked = value["x-secret-answer"] == true;
        assert!(
            is_marked || !names.iter().any(is_secret),
            "{path}: {names:?}"
        );
        let parameters = value["parameters"].as_array().unwrap();
        let key = parameters
            .iter()
            .find(|one| one["name"] == "Idempotency-Key");
        let about = key.unwrap()["description"].as_str().unwrap();
        assert_eq!(about.contains("holds a secret"), is_marked, "{path}");
        marked += usize::from(is_marked);
    }
    assert!(marked >= 2);
}

#[tokio::test]
async fn every_counted_answer_is_described_with_its_limits() {
    let description = Rig::start().await.description().await;
    for Operation { path, value, .. } in operations(&description) {
        if !path.starts_with("/api/") {
            continue;
        }
        for (status, response) in value["responses"].as_object().unwrap() {
            if !status.starts_with('2') && status != "429" {
                continue;
            }
            for header in ["ratelimit", "ratelimit-policy"] {
                let reference = response["headers"][header]["$ref"].as_str().unwrap();
                let name = reference.strip_prefix("#/components/headers/").unwrap();
                let header = &description["components"]["headers"][name];
                assert!(header["description"].is_string(), "{path} {status}");
            }
        }
    }
}

#[tokio::test]
async fn every_body_and_every_answer_is_shown_by_example() {
    let description = Rig::start().await.description().await;
    for Operation {
        method,
        path,
        value,
    } in operations(&description)
    {
        let answers = value["responses"].as_object().unwrap().values();
        let bodies = answers.chain(value.get("requestBody"));
        for body in bodies {
            let schema = &body["content"]["application/json"]["schema"];
            // The description itself is described by its own standard.
            if schema.is_null() || path == "/openapi.json" {
                continue;
            }
            assert!(
                has_example(&description, schema),
                "{method} {path}: {schema}"
            );
        }
    }
}

/// A rig and what it takes to call every operation that has a body.
async fn send_body(rig: &Rig, operation: &Operation, body: &Value) -> Answer {
    let caller = rig.superuser();
    let subjects = Subjects::of(rig, &caller, Permission::ModifyRole);
    let path = subjects.fill(&operation.path, Permission::ModifyRole.name());
    let call = rig.call(&operation.method, &path).by(&caller);
    call.header("if-match", "*").json(body).send().await
}

pub(super) fn body_schema<'a>(
    description: &'a Value,
    operation: &'a Operation,
) -> Option<&'a Value> {
    let content = &operation.value.get("requestBody")?["content"];
    Some(resolved(
        description,
        &content.get("application/json")?["schema"],
    ))
}

/// The example of a body.
fn example(schema: &Value) -> Map<String, Value> {
    let example = schema.get("example").unwrap_or(&schema["examples"][0]);
    example.as_object().unwrap().clone()
}

#[tokio::test]
async fn bodies_have_exactly_the_fields_that_are_documented() {
    let rig = Rig::start().await;
    let description = rig.description().await;
    for operation in operations(&description) {
        let Some(schema) = body_schema(&description, &operation) else {
            continue;
        };
        let mut wrong = example(schema);
        wrong.insert("no_such_field".to_owned(), json!(null));
        let answer = send_body(&rig, &operation, &Value::Object(wrong)).await;
        let expected = pairs(&[("/no_such_field", "unknown")]);
        assert_eq!(answer.mistakes(), expected, "{}", operation.path);
        for field in keys(&schema["properties"]) {
            let mut wrong = example(schema);
            // No field is a list of lists.
            wrong.insert(field.clone(), json!([[]]));
            let answer = send_body(&rig, &operation, &Value::Object(wrong)).await;
            let mistakes = answer.mistakes();
            let [(place, code)] = mistakes.as_slice() else {
                panic!("{mistakes:?}");
            };
            assert_ne!(code, "unknown", "{place}");
            assert_eq!(place.split('/').nth(1), Some(field.as_str()));
        }
    }
}

#[tokio::test]
async fn required_fields_are_those_that_are_missed() {
    let rig = Rig::start().await;
    let description = rig.description().await;
    for operation in operations(&description) {
        let Some(schema) = body_schema(&description, &operation) else {
            continue;
        };
        let required = schema["required"].as_array().into_iter().flatten();
        let required: BTreeSet<String> = required
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        for field in &required {
            let mut body = example(schema);
            body.remove(field);
            let answer = send_body(&rig, &operation, &Value::Object(body)).await;
            let expected = [(format!("/{field}"), "required".to_owned())];
            assert_eq!(answer.mistakes(), expected, "{}", operation.path);
        }
        let mut body = example(schema);
        body.retain(|name, _| required.contains(name));
        let answer = send_body(&rig, &operation, &Value::Object(body)).await;
        if answer.status.as_u16() == 422 {
            // Some kinds of rooms, of scopes and of reference data take one more field.
            let mut missed = answer.mistakes();
            missed.retain(|(_, code)| code == "required");
            assert!(missed.len() <= 1, "{missed:?}");
            let places = ["/name", "/scope_uuid", "/faculty"];
            assert!(missed.iter().all(|(place, _)| places.contains(&&**place)));
        }
    }
}

/// The texts of an object in which one key comes twice, at any depth.
fn with_repeated_keys(object: &Map<String, Value>) -> Vec<String> {
    let text = |key: &str, value: &str| format!("{}:{value}", json!(key));
    let all = |replaced: &str, value: &str| {
        let fields = object.iter().map(|(key, own)| match key == replaced {
            true => text(key, value),
            false => text(key, &own.to_string()),
        });
        fields.collect::<Vec<_>>().join(",")
    };
    let mut texts = vec![format!("{{\"x\":1,\"x\":[],{}}}", all("", ""))];
    for (key, value) in object {
        let twice = text(key, &value.to_string());
        texts.push(format!("{{{},{twice}}}", all(key, &value.to_string())));
        texts.push(format!("{{{}}}", all(key, r#"[{"y":{},"y":{}}]"#)));
        for nested in value.as_object().map(with_repeated_keys).iter().flatten() {
            texts.push(format!("{{{}}}", all(key, nested)));
        }
    }
    texts
}

#[tokio::test]
async fn a_repeated_key_makes_every_body_malformed() {
    let rig = Rig::without_limits().await;
    let description = rig.description().await;
    let caller = rig.superuser();
    let subjects = Subjects::of(&rig, &caller, Permission::ModifyRole);
    let mut texts = 0;
    for operation in operations(&description) {
        let Some(schema) = body_schema(&description, &operation) else {
            continue;
        };
        let path = subjects.fill(&operation.path, Permission::ModifyRole.name());
        for text in with_repeated_keys(&example(schema)) {
            let call = rig.call(&operation.method, &path).by(&caller);
            let call = call.header("if-match", "*");
            let call = call.header("content-type", "application/json");
            let answer = call.body(text.clone()).send().await;
            let problem = answer.problem("malformed-json");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.starts_with("The body repeats a key"), "{text}");
            texts += 1;
        }
    }
    assert!(texts > 150);
}

#[tokio::test]
async fn the_examples_of_bodies_break_no_rule() {
    let rig = Rig::start().await;
    let description = rig.description().await;
    for operation in operations(&description) {
        let Some(schema) = body_schema(&description, &operation) else {
            continue;
        };
        let example = Value::Object(example(schema));
        let answer = send_body(&rig, &operation, &example).await;
        match answer.status.as_u16() {
            // The people of the examples do not exist, nor do their passwords, links and messages.
            422 => assert!(
                answer
                    .mistakes()
                    .iter()
                    .all(|(_, code)| code == "user.unknown" || code == "password.wrong"),
                "{}",
                answer.text()
            ),
            // And neither do their tokens.
            401 if operation.path.ends_with("/refresh") => drop(answer.problem("invalid-token")),
            401 => drop(answer.problem("invalid-credentials")),
            403 => drop(answer.problem("permission-denied")),
            404 if operation.path.ends_with("/messages/{message_id}") => {
                drop(answer.problem("not-found"));
            }
            // Nor do their claims and records.
            404 if operation.path.contains("/claims/{uuid}/")
                || operation.path.starts_with("/api/v1/admin/alumni-records/")
                || operation.path.starts_with("/api/v1/admin/duplicates/")
                || operation.path.starts_with("/api/v1/admin/vocabularies/")
                || operation.path.starts_with("/api/v1/me/profile/") =>
            {
                drop(answer.problem("not-found"));
            }
            410 => drop(answer.problem("gone")),
            409 => drop(answer.problem("conflict")),
            status => assert!(status < 400, "{} {}", operation.path, answer.text()),
        }
    }
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn every_documented_parameter_is_read() {
    let rig = Rig::start().await;
    let description = rig.description().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    let room = rig.database().group(viewer.id).create().id.to_string();
    let mut read = 0;
    for Operation {
        method,
        path,
        value,
    } in operations(&description)
    {
        if path == "/chat" {
            continue;
        }
        for parameter in value["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] != "query" {
                continue;
            }
            let name = parameter["name"].as_str().unwrap();
            // No parameter takes a control character.
            let address = format!("{}?{name}=%01", path.replace("{uuid}", &room));
            let answer = rig.call(&method, &address).by(&viewer).send().await;
            match name {
                "cursor" => drop(answer.problem("cursor-mismatch")),
                name => assert_eq!(answer.mistakes()[0].0, name),
            }
            read += 1;
        }
    }
    assert!(read >= 15);
}

#[tokio::test]
async fn every_list_takes_the_names_of_all_fields_that_its_entries_have() {
    let rig = Rig::start().await;
    let description = rig.description().await;
    let viewer = rig.holder_of(&[Permission::ViewUser]);
    let room = rig.database().group(viewer.id).create().id.to_string();
    let mut lists = 0;
    for Operation { path, value, .. } in operations(&description) {
        let parameters = value["parameters"].as_array().into_iter().flatten();
        if !parameters
            .clone()
            .any(|parameter| parameter["name"] == "fields")
        {
            continue;
        }
        let body = &value["responses"]["200"]["content"]["application/json"]["schema"];
        let body = resolved(&description, body);
        let page = resolved(
            &description,
            body.get("allOf").map_or(body, |parts| &parts[0]),
        );
        let fields = fields_of(&description, &page["properties"]["items"]["items"]);
        assert!(fields.len() >= 3, "{path}");
        let names: Vec<String> = fields.into_iter().collect();
        let address = format!(
            "{}?fields={}",
            path.replace("{uuid}", &room),
            names.join(",")
        );
        let answer = rig.get(&address).by(&viewer).send().await;
        assert_ne!(answer.status.as_u16(), 422, "{path} {}", answer.text());
        lists += 1;
    }
    assert!(lists >= 4);
}

/// The properties of a schema, and of whatever is flattened into it.
fn fields_of(description: &Value, schema: &Value) -> BTreeSet<String> {
    let schema = resolved(description, schema);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let flattened = parts.flat_map(|part| fields_of(description, part));
    let own = schema["properties"].as_object().into_iter().flatten();
    own.map(|(name, _)| name.clone()).chain(flattened).collect()
}

#[tokio::test]
async fn conditional_requests_are_documented_wherever_they_are_answered() {
    let description = Rig::start().await.description().await;
    let mut changes = 0;
    for operation in operations(&description) {
        let Operation {
            method,
            path,
            value,
        } = &operation;
        let takes = |header: &str| {
            let mut parameters = value["parameters"].as_array().into_iter().flatten();
            parameters.any(|parameter| parameter["name"] == header && parameter["in"] == "header")
        };
        let responses = &value["responses"];
        let tagged = !responses["200"]["headers"]["ETag"].is_null();
        if method == "GET" {
            let has_body = !responses["200"]["content"].is_null();
            assert_eq!(takes("If-None-Match"), has_body, "{path}");
            assert_eq!(!responses["304"].is_null(), has_body, "{path}");
            assert_eq!(tagged, has_body, "{path}");
            assert!(responses["304"]["content"].is_null(), "{path}");
        } else if ["PATCH", "PUT"].contains(&method.as_str()) || takes("If-Match") {
            assert!(takes("If-Match"), "{method} {path}");
            let refusal = &responses["412"]["content"]["application/problem+json"];
            assert!(
                !refusal["examples"]["precondition-failed"].is_null(),
                "{path}"
            );
            let has_body = !responses["200"]["content"].is_null();
            assert_eq!(tagged, has_body, "{path}");
            changes += 1;
        }
    }
    assert!(changes >= 1);
}

#[tokio::test]
async fn every_documented_route_is_there() {
    let rig = Rig::start().await;
    let description = rig.description().await;
    for Operation { method, path, .. } in operations(&description) {
        // Each time another, because one of the routes logs them out.
        let caller = rig.user();
        let path = path
            .replace("{file}", "index.html")
            .replace("{slug}", "conflict")
            .replace("{user_uuid}", &caller.id.to_string())
            .replace("{uuid}", &Uuid::new_v4().to_string());
        let answer = rig.call(&method, &path).by(&caller).send().await;
        if answer.status.as_u16() == 404 {
            let detail = answer.problem("not-found")["detail"].clone();
            // What no route answers is answered by the framework, without a sentence of ours.
            assert_ne!(
                detail,
                ProblemKind::NotFound.explanation(),
                "{method} {path}"
            );
        }
        assert_ne!(answer.status.as_u16(), 405, "{method} {path}");
    }
}

#[tokio::test]
async fn the_documentation_page_asks_no_other_host_for_anything() {
    let rig = Rig::start().await;
    let root = rig.get("/").send().await;
    assert_eq!(root.status.as_u16(), 303);
    let docs = rig.get(root.header("location")).send().await;
    assert_eq!(docs.status.as_u16(), 303);
    let address = docs.header("location").to_owned();
    let page = rig.get(&address).send().await;
    assert!(page.header("content-type").starts_with("text/html"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert!(!policy.contains("http"), "{policy}");

    let folder = address.rsplit_once('/').unwrap().0;
    let mut files = 0;
    for attribute in ["src=\"", "href=\""] {
        for rest in page.text().split(attribute).skip(1) {
            let target = rest.split('"').next().unwrap();
            assert!(!target.contains("//"), "{target}");
            let file = target.trim_start_matches("./");
            let answer = rig.get(&format!("{folder}/{file}")).send().await;
            assert_eq!(answer.status.as_u16(), 200, "{file}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert!(!answer.header("content-type").starts_with("text/html"));
            files += 1;
        }
    }
    assert!(files >= 6);
    let start = rig
        .get(&format!("{folder}/swagger-initializer.js"))
        .send()
        .await;
    assert!(
        start.text().contains("\"/openapi.json\""),
        "{}",
        start.text()
    );
    assert!(start.text().contains("\"validatorUrl\": \"none\""));
    assert!(!start.text().contains("http"), "{}", start.text());
}

#[tokio::test]
async fn every_kind_of_problem_has_a_page_at_its_address() {
    let rig = Rig::start().await;
    for kind in ProblemKind::ALL {
        let page = rig.get(&kind.address()).send().await;
        assert_eq!(page.status.as_u16(), 200, "{kind:?}");
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(page.text().contains(kind.title()));
        assert!(page.text().contains(kind.explanation()));
    }
}

#[tokio::test]
async fn the_documentation_is_not_served_where_it_is_turned_off() {
    let rig = Rig::start_with(|settings| settings.docs.enabled = false).await;
    for path in ["/", "/docs", "/docs/", "/docs/index.html", "/openapi.json"] {
        let answer = rig.get(path).send().await;
        answer.problem("not-found");
    }
}
