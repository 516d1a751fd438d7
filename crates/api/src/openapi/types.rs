//! The language of `types/*.txt`: one type per block, one field per line, read into JSON Schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::expression;

/// What the type files say, by name; faults of the text go to `faults`, and what has one is left out.
pub(super) fn read(texts: &[&str], faults: &mut Vec<String>) -> Map<String, Value> {
    let mut blocks = BTreeMap::new();
    for text in texts {
        collect(text, &mut blocks, faults);
    }
    let mut schemas = Map::new();
    for (name, block) in &blocks {
        match schema(block, &blocks) {
            Ok(schema) => {
                schemas.insert((*name).to_owned(), schema);
            }
            Err(fault) => faults.push(format!("{name}: {fault}")),
        }
    }
    schemas
}

/// A type as written.
#[derive(Default)]
struct Block<'a> {
    /// The lines of comment right above it.
    note: Vec<&'a str>,
    /// What follows `=`, for a type that is no object of fields.
    alias: Option<String>,
    fields: Vec<Line<'a>>,
}

enum Line<'a> {
    /// `...Name`
    Spread(&'a str),
    /// `name* type -- note`
    Field {
        name: &'a str,
        is_required: bool,
        of: &'a str,
        note: Option<&'a str>,
    },
}

fn collect<'a>(text: &'a str, blocks: &mut BTreeMap<&'a str, Block<'a>>, faults: &mut Vec<String>) {
    let mut note = Vec::new();
    let mut current = None;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            note.clear();
        } else if let Some(comment) = line.strip_prefix('#') {
            note.push(comment.trim());
        } else if !line.starts_with(' ') {
            let (name, alias) = match line.split_once('=') {
                Some((name, alias)) => (name.trim(), Some(alias.trim().to_owned())),
                None => (line, None),
            };
            let block = Block {
                note: std::mem::take(&mut note),
                alias,
                fields: Vec::new(),
            };
            if blocks.insert(name, block).is_some() {
                faults.push(format!("{name} is described twice"));
            }
            current = Some(name);
        } else if let Some(block) = current.and_then(|name| blocks.get_mut(name)) {
            match (&mut block.alias, field(line.trim())) {
                (Some(alias), _) => *alias += line,
                (None, Some(field)) => block.fields.push(field),
                (None, None) => faults.push(format!("not a field: {line}")),
            }
        }
    }
}

fn field(line: &str) -> Option<Line<'_>> {
    if let Some(name) = line.strip_prefix("...") {
        return Some(Line::Spread(name));
    }
    let (of, note) = match line.split_once(" -- ") {
        Some((of, note)) => (of, Some(note.trim())),
        None => (line, None),
    };
    let (name, of) = of.trim_end().split_once(' ')?;
    Some(Line::Field {
        name: name.strip_suffix('*').unwrap_or(name),
        is_required: name.ends_with('*'),
        of: of.trim_start(),
        note,
    })
}

fn schema(block: &Block<'_>, blocks: &BTreeMap<&str, Block<'_>>) -> Result<Value, String> {
    let mut schema = match &block.alias {
        Some(alias) => expression::schema(alias)?,
        None => {
            let mut properties = Map::new();
            let mut required = Vec::new();
            fields(block, blocks, 0, &mut properties, &mut required)?;
            json!({"type": "object", "properties": properties, "required": required})
        }
    };
    if !block.note.is_empty() {
        schema["description"] = block.note.join(" ").into();
    }
    Ok(schema)
}

/// How many types may take over one another's fields in a row.
const DEPTH: u8 = 8;

fn fields(
    block: &Block<'_>,
    blocks: &BTreeMap<&str, Block<'_>>,
    depth: u8,
    properties: &mut Map<String, Value>,
    required: &mut Vec<Value>,
) -> Result<(), String> {
    for line in &block.fields {
        match *line {
            Line::Spread(name) => {
                let other = blocks.get(name).filter(|_| depth < DEPTH);
                let other = other.ok_or_else(|| format!("cannot take over {name}"))?;
                fields(other, blocks, depth + 1, properties, required)?;
            }
            Line::Field {
                name,
                is_required,
                of,
                note,
            } => {
                let mut schema = expression::schema(of).map_err(|e| format!("{name}: {e}"))?;
                if let Some(note) = note {
                    schema["description"] = note.into();
                }
                if properties.insert(name.to_owned(), schema).is_some() {
                    return Err(format!("{name} is there twice"));
                }
                if is_required {
                    required.push(name.into());
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_schemas() {
        let mut faults = Vec::new();
        let text = "\
# A heading, not of the type below.

# Every list.
Page
  count*   integer(0..)   -- How many

Pets
  ...Page
  pets*    Pet[]

Pet = \"cat\"
  | \"dog\"
";
        let schemas = read(&[text], &mut faults);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(
            Value::Object(schemas),
            json!({
                "Page": {
                    "type": "object",
                    "description": "Every list.",
                    "properties": {
                        "count": {"type": "integer", "minimum": 0, "description": "How many"},
                    },
                    "required": ["count"],
                },
                "Pet": {"type": "string", "enum": ["cat", "dog"]},
                "Pets": {
                    "type": "object",
                    "properties": {
                        "count": {"type": "integer", "minimum": 0, "description": "How many"},
                        "pets": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
                    },
                    "required": ["count", "pets"],
                },
            })
        );
    }

    #[test]
    fn what_is_wrong_is_told_and_left_out() {
        for (text, fault) in [
            ("A\n  x  string\nA\n  y  string\n", "A is described twice"),
            ("A\n  x\n", "not a field:   x"),
            ("A\n  ...B\n", "A: cannot take over B"),
            ("A\n  ...A\n", "A: cannot take over A"),
            ("A\n  x  string\n  x  string\n", "A: x is there twice"),
            ("A\n  x  strin$g\n", "A: x: unexpected `$`"),
        ] {
            let mut faults = Vec::new();
            read(&[text], &mut faults);
            assert_eq!(faults, [fault], "{text}");
        }
    }
}
