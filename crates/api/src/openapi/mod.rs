//! The OpenAPI description of what is served, put together when somebody first asks for it.
//!
//! Method, path and permission come from the table of routes; the rest is written by hand in
//! `operations.txt` (one line per operation), `parameters.txt` and `types/*.txt`. Tests hold these
//! against the table, and the conformance programs hold every answer against the description.

mod expression;
mod operations;
mod types;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use model::Permission;
use serde_json::{Map, Value, json};

use self::operations::{Content, Operation, Parameter};
use crate::answer::JSON;
use crate::router::RouteRow;
use crate::settings::Door;

/// Where the description is.
pub(crate) const PATH: &str = "/openapi.json";

const OPERATIONS: &str = include_str!("operations.txt");
const PARAMETERS: &str = include_str!("parameters.txt");
const TYPES: [&str; 11] = [
    include_str!("types/common.txt"),
    include_str!("types/messages.txt"),
    include_str!("types/screen.txt"),
    include_str!("types/drafts.txt"),
    include_str!("types/inboxes.txt"),
    include_str!("types/domains.txt"),
    include_str!("types/webhooks.txt"),
    include_str!("types/keys.txt"),
    include_str!("types/events.txt"),
    include_str!("types/metrics.txt"),
    include_str!("types/gate.txt"),
];

/// `GET /openapi.json`
pub(crate) async fn get(State(door): State<Door>) -> impl IntoResponse {
    // Most servers are never asked: putting it together takes memory that an idle one need not have.
    let text = door
        .description
        .get_or_init(|| describe(&crate::router::routes()).0.to_string().into());
    ([(CONTENT_TYPE, JSON)], text.clone())
}

/// The description of these routes, and what is wrong with the text that it is made of: a route
/// without a line, a line without a route, a name that is not there.
#[must_use]
pub fn describe(rows: &[RouteRow]) -> (Value, Vec<String>) {
    let mut faults = Vec::new();
    let mut schemas = types::read(&TYPES, &mut faults);
    schemas.insert("ApiKeyPermissions".to_owned(), permissions());
    let parameters = operations::parameters(PARAMETERS, &mut faults);
    let mut described = operations::operations(OPERATIONS, &mut faults);
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for row in rows {
        let Some(line) = described.remove(row.operation) else {
            faults.push(format!("{} has no line in operations.txt", row.operation));
            continue;
        };
        let operation = operation(row, line, &parameters, &mut faults);
        let methods = paths.entry(row.path).or_default();
        methods.insert(row.method.as_str().to_ascii_lowercase(), operation);
    }
    faults.extend(described.keys().map(|id| format!("{id} is not served")));
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Mailroost",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Email for AI agents, compatible with the AgentMail SDKs.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"api_key": {"type": "http", "scheme": "bearer"}},
        },
    });
    let mut missing = Vec::new();
    dangling(&document, &document["components"]["schemas"], &mut missing);
    faults.extend(missing);
    (document, faults)
}

/// The rights that a key can have, from the model itself.
fn permissions() -> Value {
    let rights = Permission::ALL
        .iter()
        .filter(|right| right.is_grantable())
        .map(|right| (right.name().to_owned(), json!({"type": "boolean"})));
    let rights: Map<_, _> = rights.collect();
    json!({"type": "object", "properties": rights, "required": []})
}

fn operation(
    row: &RouteRow,
    line: Operation<'_>,
    parameters: &BTreeMap<&str, Parameter<'_>>,
    faults: &mut Vec<String>,
) -> Value {
    let captures = captures(row.path);
    let errors = errors(row, &line);
    let mut described = Vec::new();
    let named = captures.iter().map(|name| (*name, None, "path"));
    let asked = line.parameters.iter().map(|(name, of)| {
        let is_header = name.starts_with(|c: char| c.is_ascii_uppercase());
        (*name, *of, if is_header { "header" } else { "query" })
    });
    for (name, of, place) in named.chain(asked) {
        let (name, is_required) = match name.strip_suffix('*') {
            Some(name) => (name, true),
            None => (name, place == "path"),
        };
        let Some(parameter) = parameters.get(name) else {
            faults.push(format!("{name} has no line in parameters.txt"));
            continue;
        };
        let schema = match of {
            Some(of) => json!({"$ref": format!("#/components/schemas/{of}")}),
            None => parameter.schema.clone(),
        };
        described.push(json!({
            "name": name, "in": place, "required": is_required, "schema": schema,
            "description": parameter.note,
        }));
    }
    let (resource, _) = row
        .operation
        .rsplit_once('.')
        .unwrap_or((row.operation, ""));
    let mut operation = json!({
        "operationId": row.operation,
        "summary": line.summary,
        "tags": [resource],
        "parameters": described,
        "responses": responses(line.success, &errors),
    });
    if let Some(body) = line.body {
        // An absent body stands for an empty object, wherever that is one of the type.
        operation["requestBody"] = json!({
            "content": {"application/json": {"schema": body}},
        });
    }
    if let Some(permission) = row.permission {
        operation["security"] = json!([{"api_key": []}]);
        operation["x-permission"] = permission.name().into();
    }
    operation
}

/// The names in the braces of a path.
fn captures(path: &'static str) -> Vec<&'static str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .collect()
}

/// What can go wrong: what the line says, and what follows from the route.
fn errors(row: &RouteRow, line: &Operation<'_>) -> Vec<StatusCode> {
    let mut errors = line.errors.clone();
    let has_body = matches!(row.method, Method::POST | Method::PATCH | Method::PUT);
    if has_body || !line.parameters.is_empty() || row.path.contains('{') {
        errors.push(StatusCode::BAD_REQUEST);
    }
    if line.body.is_some() {
        errors.push(StatusCode::PAYLOAD_TOO_LARGE);
    }
    if row.path.contains('{') {
        errors.push(StatusCode::NOT_FOUND);
    }
    if row.permission.is_some() {
        errors.extend([
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::TOO_MANY_REQUESTS,
        ]);
    }
    errors
}

fn responses(success: Option<(StatusCode, Content)>, errors: &[StatusCode]) -> Map<String, Value> {
    let mut responses = Map::new();
    let words = |status: StatusCode| status.canonical_reason().unwrap_or("As its code says");
    for status in errors {
        let error = json!({"$ref": "#/components/schemas/Error"});
        let answer = json!({
            "description": words(*status),
            "content": {"application/json": {"schema": error}},
        });
        responses.insert(status.as_str().to_owned(), answer);
    }
    if let Some((status, content)) = success {
        let mut answer = json!({"description": words(status)});
        match content {
            Content::Empty => {}
            Content::Json(schema) => {
                answer["content"] = json!({"application/json": {"schema": schema}});
            }
            Content::JsonOr(schema, others) => {
                let mut content = Map::new();
                content.insert("application/json".to_owned(), json!({"schema": schema}));
                content.extend(others.iter().map(|kind| (kind.clone(), json!({}))));
                answer["content"] = Value::Object(content);
            }
            Content::Other(kind) => answer["content"] = json!({kind: {}}),
        }
        responses.insert(status.as_str().to_owned(), answer);
    }
    responses
}

/// Finds references to types that are not there.
fn dangling(value: &Value, schemas: &Value, missing: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get("$ref") {
                let name = reference.rsplit('/').next().unwrap_or_default();
                if schemas.get(name).is_none() {
                    missing.push(format!("{name} is not described"));
                }
            }
            for value in object.values() {
                dangling(value, schemas, missing);
            }
        }
        Value::Array(values) => {
            for value in values {
                dangling(value, schemas, missing);
            }
        }
        _ => {}
    }
}
