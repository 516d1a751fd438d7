//! A check on the crate's own text: every statement names its tenant, and every token is known.

use std::path::Path;

/// The tokens of [`crate::dialect`].
const TOKENS: [&str; 12] = [
    "scope", "seen", "lock", "share", "skip", "contains", "int", "text", "bytes", "strict", "by",
    "inline",
];

/// The string literals of a source file, with their continuation lines joined.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(start) = rest.find(['"', '\'', '/']) {
        let at = &rest[start..];
        if at.starts_with("//") {
            rest = at.split_once('\n').map_or("", |(_, next)| next);
        } else if at.starts_with("'\"'") || at.starts_with("'\\") {
            rest = at.get(3..).unwrap_or_default();
        } else if let Some(inner) = at.strip_prefix('"') {
            let mut text = String::new();
            let mut chars = inner.char_indices();
            let mut end = inner.len();
            while let Some((index, c)) = chars.next() {
                match c {
                    '"' => {
                        end = index + 1;
                        break;
                    }
                    '\\' => text.extend(chars.next().map(|(_, c)| c)),
                    c => text.push(c),
                }
            }
            found.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
            rest = &inner[end..];
        } else {
            rest = &at[1..];
        }
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // What the check of plans fills its tables with names no tenant.
        if path.ends_with("plans") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs")
            && !path.ends_with("statements.rs")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path.display().to_string(), text));
        }
    }
}

fn statements() -> Vec<(String, String)> {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    let mut found = Vec::new();
    for (path, text) in files {
        for literal in literals(&text) {
            let verb = literal.split(' ').next().unwrap_or_default();
            if ["select", "insert", "update", "delete"].contains(&verb) && literal.contains(' ') {
                found.push((path.clone(), literal));
            }
        }
    }
    found
}

#[test]
fn every_statement_names_its_tenant_or_says_why_not() {
    let found = statements();
    assert!(
        found.len() > 60,
        "only {} statements were found",
        found.len()
    );
    for (path, statement) in found {
        // Built where the conditions of a list begin with the scope.
        let list = statement.ends_with("where {}{order}");
        // The table of migrations and the lock around them are there before any tenant.
        let bare = path.ends_with("migrate.rs") || path.ends_with("dialect.rs");
        let named = statement.contains("{scope") || statement.contains("-- unscoped: ");
        assert!(named || list || bare, "{path}: {statement}");
    }
}

#[test]
fn every_token_is_known() {
    let migrations = include_str!("migrations/0001_first.sql");
    let mut texts = statements();
    texts.push(("0001_first.sql".to_owned(), migrations.to_owned()));
    for (path, text) in texts {
        // In a format string the tokens stand in double braces.
        let text = text.replace("{{", "{").replace("}}", "}");
        for part in text.split('{').skip(1) {
            let token = part.split('}').next().unwrap_or_default();
            let name = token.split([' ', ':']).next().unwrap_or_default();
            let argument = [
                "",
                "COLUMNS",
                "order",
                "side",
                "only",
                "bound",
                "marks",
                "table",
                "source",
                "open",
                "exchange",
                "MOST_ALIKE",
            ];
            assert!(
                TOKENS.contains(&name) || argument.contains(&token),
                "{path}: {{{token}}}"
            );
        }
    }
}
