//! The language of `operations.txt` and `parameters.txt`: one line for each.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::Value;

use super::expression;

/// What an operation takes and gives, as its line says.
pub(super) struct Operation<'a> {
    /// Parameters of the query and headers, with a type of their own where it differs.
    pub(super) parameters: Vec<(&'a str, Option<&'a str>)>,
    /// The type of the body.
    pub(super) body: Option<Value>,
    /// The status of success, where there is one, and what comes with it.
    pub(super) success: Option<(StatusCode, Content)>,
    /// Errors beyond those that follow from the route.
    pub(super) errors: Vec<StatusCode>,
    /// What it does.
    pub(super) summary: &'a str,
}

/// What an answer has.
pub(super) enum Content {
    Empty,
    Json(Value),
    /// JSON, or the same in other forms.
    JsonOr(Value, Vec<String>),
    Other(String),
}

/// A parameter of a path, a query or a header.
pub(super) struct Parameter<'a> {
    pub(super) schema: Value,
    pub(super) note: &'a str,
}

/// Reads `operation | parameters | body | success | errors | summary`, line by line; `-` is nothing.
pub(super) fn operations<'a>(
    text: &'a str,
    faults: &mut Vec<String>,
) -> BTreeMap<&'a str, Operation<'a>> {
    let mut read = BTreeMap::new();
    for line in lines(text) {
        match operation(line) {
            Ok((id, operation)) => {
                if read.insert(id, operation).is_some() {
                    faults.push(format!("{id} is described twice"));
                }
            }
            Err(fault) => faults.push(format!("{fault}: {line}")),
        }
    }
    read
}

/// Reads `name type -- note`, line by line.
pub(super) fn parameters<'a>(
    text: &'a str,
    faults: &mut Vec<String>,
) -> BTreeMap<&'a str, Parameter<'a>> {
    let mut read = BTreeMap::new();
    for line in lines(text) {
        let parts = line
            .split_once(" -- ")
            .and_then(|(head, note)| Some((head.trim().split_once(' ')?, note.trim())));
        let parsed = match parts {
            Some(((name, of), note)) => {
                expression::schema(of).map(|schema| (name, Parameter { schema, note }))
            }
            None => Err("not a parameter".to_owned()),
        };
        match parsed {
            Ok((name, parameter)) => {
                read.insert(name, parameter);
            }
            Err(fault) => faults.push(format!("{fault}: {line}")),
        }
    }
    read
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn operation(line: &str) -> Result<(&str, Operation<'_>), String> {
    let columns: Vec<_> = line.splitn(6, " | ").map(str::trim).collect();
    let [id, parameters, body, success, errors, summary] = columns[..] else {
        return Err("not six columns".to_owned());
    };
    let parameters = words(parameters).map(|word| match word.split_once(':') {
        Some((name, of)) => (name, Some(of)),
        None => (word, None),
    });
    let errors = words(errors).map(status).collect::<Result<_, _>>()?;
    let operation = Operation {
        parameters: parameters.collect(),
        body: some(body).map(expression::schema).transpose()?,
        success: some(success).map(answer).transpose()?,
        errors,
        summary,
    };
    Ok((id, operation))
}

/// `200 Draft`, `204`, `200 text/html`, or `200 Draft or text/plain`.
fn answer(text: &str) -> Result<(StatusCode, Content), String> {
    let (code, content) = text.split_once(' ').unwrap_or((text, ""));
    let content = match content {
        "" => Content::Empty,
        of => match of.split_once(" or ") {
            Some((of, others)) => {
                let others = others.split(" or ").map(str::to_owned).collect();
                Content::JsonOr(expression::schema(of)?, others)
            }
            None if of.contains('/') => Content::Other(of.to_owned()),
            None => Content::Json(expression::schema(of)?),
        },
    };
    Ok((status(code)?, content))
}

fn status(text: &str) -> Result<StatusCode, String> {
    text.parse().map_err(|_| format!("`{text}` is no status"))
}

fn some(column: &str) -> Option<&str> {
    Some(column).filter(|column| *column != "-")
}

fn words(column: &str) -> impl Iterator<Item = &str> {
    some(column).unwrap_or_default().split_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_mistakes_told() {
        let mut faults = Vec::new();
        let text = "\
# comment
a.get  | limit type:Kind X-Y | - | 200 A | 409 422 | Gets it
a.end  | -                   | B | 204   | -       | Ends it
a.end  | -                   | B | 204   | -       | Again
a.bad  | - | - | 999x | - | Bad
a.few  | -
";
        let read = operations(text, &mut faults);
        let get = &read["a.get"];
        assert_eq!(
            get.parameters,
            [("limit", None), ("type", Some("Kind")), ("X-Y", None)]
        );
        assert_eq!(
            get.errors,
            [StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY]
        );
        assert!(get.body.is_none());
        assert!(matches!(
            read["a.end"].success,
            Some((StatusCode::NO_CONTENT, Content::Empty))
        ));
        assert_eq!(faults.len(), 3, "{faults:?}");

        let read = parameters("limit  integer(1..)  -- Page size\nnonsense\n", &mut faults);
        assert_eq!(read["limit"].note, "Page size");
        assert_eq!(faults.len(), 4, "{faults:?}");
    }
}
