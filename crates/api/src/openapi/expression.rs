//! Type expressions: `string[] | null`, `"a" | "b"`, `{integer(0..)}`, `Draft[](1..500)`.

use serde_json::{Map, Value, json};

/// The schema of a type expression.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn schema(text: &str) -> Result<Value, String> {
    let mut reader = Reader(text.trim());
    let schema = union(&mut reader, 0)?;
    if reader.0.is_empty() {
        Ok(schema)
    } else {
        Err(reader.unexpected())
    }
}

struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    /// Takes `token` if it comes next.
    fn takes(&mut self, token: &str) -> bool {
        match self.0.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.0 = rest.trim_start();
                true
            }
            None => false,
        }
    }

    /// Takes characters as long as they are of this kind.
    fn take_while(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|c| !is_part(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn unexpected(&self) -> String {
        let next = self.0.chars().next().map_or(String::new(), String::from);
        format!("unexpected `{next}`")
    }
}

/// How deep braces may be nested.
const DEPTH: u8 = 8;

fn union(reader: &mut Reader<'_>, depth: u8) -> Result<Value, String> {
    if depth > DEPTH {
        return Err("nested too deeply".to_owned());
    }
    let mut words = Vec::new();
    let mut others = Vec::new();
    loop {
        if reader.takes("\"") {
            words.push(Value::from(reader.take_while(|c| c != '"')));
            if !reader.takes("\"") {
                return Err("a quotation mark is missing".to_owned());
            }
        } else {
            others.push(term(reader, depth)?);
        }
        if !reader.takes("|") {
            break;
        }
    }
    if !words.is_empty() {
        others.insert(0, json!({"type": "string", "enum": words}));
    }
    if others.len() == 1 {
        return Ok(others.remove(0));
    }
    Ok(json!({"anyOf": others}))
}

fn term(reader: &mut Reader<'_>, depth: u8) -> Result<Value, String> {
    let mut schema = if reader.takes("{") {
        let of = union(reader, depth + 1)?;
        if !reader.takes("}") {
            return Err("a brace is missing".to_owned());
        }
        json!({"type": "object", "additionalProperties": of})
    } else {
        let name = reader.take_while(|c| c.is_ascii_alphanumeric());
        named(name).ok_or_else(|| reader.unexpected())?
    };
    loop {
        if reader.takes("[]") {
            schema = json!({"type": "array", "items": schema});
        } else if reader.takes("(") {
            bound(&mut schema, reader)?;
        } else {
            return Ok(schema);
        }
    }
}

fn named(name: &str) -> Option<Value> {
    Some(match name {
        "string" | "integer" | "number" | "boolean" | "null" => json!({"type": name}),
        "datetime" => json!({"type": "string", "format": "date-time"}),
        "any" => json!({}),
        _ if name.starts_with(|c: char| c.is_ascii_uppercase()) => {
            json!({"$ref": format!("#/components/schemas/{name}")})
        }
        _ => return None,
    })
}

/// Reads `a..b)`, either of which may be absent, and bounds the schema by it.
fn bound(schema: &mut Value, reader: &mut Reader<'_>) -> Result<(), String> {
    let (least, most) = match schema["type"].as_str() {
        Some("string") => ("minLength", "maxLength"),
        Some("array") => ("minItems", "maxItems"),
        Some("integer" | "number") => ("minimum", "maximum"),
        _ => return Err("only numbers, strings and arrays have bounds".to_owned()),
    };
    let mut bounds = Map::new();
    let number = |text: &str| text.parse::<i64>().map(Value::from).ok();
    bounds.extend(number(reader.take_while(|c| c.is_ascii_digit())).map(|n| (least.to_owned(), n)));
    if !reader.takes("..") {
        return Err(reader.unexpected());
    }
    bounds.extend(number(reader.take_while(|c| c.is_ascii_digit())).map(|n| (most.to_owned(), n)));
    if !reader.takes(")") {
        return Err(reader.unexpected());
    }
    if let Value::Object(schema) = schema {
        schema.extend(bounds);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read() {
        let reference = json!({"$ref": "#/components/schemas/Draft"});
        for (text, expected) in [
            ("string", json!({"type": "string"})),
            ("datetime", json!({"type": "string", "format": "date-time"})),
            ("\"a\"", json!({"type": "string", "enum": ["a"]})),
            (
                "\"a\" | \"b c\"",
                json!({"type": "string", "enum": ["a", "b c"]}),
            ),
            (
                "string[] | null",
                json!({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}),
            ),
            (
                "Draft[](1..500)",
                json!({"type": "array", "items": reference, "minItems": 1, "maxItems": 500}),
            ),
            ("string(..9)", json!({"type": "string", "maxLength": 9})),
            ("integer(0..)", json!({"type": "integer", "minimum": 0})),
            (
                "{number | \"x\"}",
                json!({
                    "type": "object",
                    "additionalProperties":
                        {"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "number"}]},
                }),
            ),
        ] {
            assert_eq!(schema(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_are_told() {
        for text in [
            "",
            "strin",
            "string]",
            "\"a",
            "{string",
            "Draft(1..2)",
            "string(1)",
            "string(1..2",
            "string |",
            "{{{{{{{{{{string}}}}}}}}}}",
        ] {
            schema(text).unwrap_err();
        }
    }
}
