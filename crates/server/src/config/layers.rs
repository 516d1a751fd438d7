//! Collects the values of defaults, file, variables and flags, each with the place it came from.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::keys::{Name, Places, TABLE};

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nowhere: the table's default.
    Default,
    /// A line of the file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The key's variable.
    Variable,
    /// The key's flag.
    Flag,
}

/// A value as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The text.
    pub text: String,
    /// Where it was set.
    pub source: Source,
}

/// All values that are set, the strongest place winning: defaults < file < variables < flags.
#[derive(Debug, Default)]
pub struct Layers(BTreeMap<Name, Value>);

impl Layers {
    /// Reads all layers. `variables` is the whole environment, `flags` what the command line gave.
    ///
    /// # Errors
    /// An unreadable or malformed file; a name nobody knows in the file or among the
    /// `MAILROOST_` variables.
    pub fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        flags: &[(Name, String)],
    ) -> Result<Self, ConfigError> {
        let mut layers = Self::default();
        for key in TABLE.iter().filter(|key| !key.default.is_empty()) {
            layers.set(key.id, key.default.to_owned(), Source::Default);
        }
        // The file is the weaker layer, but its name comes from the stronger ones.
        let variables = read_variables(variables)?;
        let from_variable = variables.iter().filter(|(name, _)| *name == Name::Config);
        let from_flag = flags.iter().filter(|(name, _)| *name == Name::Config);
        if let Some((_, path)) = from_variable.chain(from_flag).next_back() {
            layers.read_file(Path::new(path))?;
        }
        for (name, text) in variables {
            layers.set(name, text, Source::Variable);
        }
        for (name, text) in flags {
            layers.set(*name, text.clone(), Source::Flag);
        }
        Ok(layers)
    }

    /// The value of a key, if it has any.
    pub fn get(&self, name: Name) -> Option<&Value> {
        self.0.get(&name)
    }

    fn set(&mut self, name: Name, text: String, source: Source) {
        self.0.insert(name, Value { text, source });
    }

    fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        let table = DeTable::parse(&text).map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| line_of(&text, span.start)),
            reason: error.message().replace('\n', ", "),
        })?;
        for (key, value) in table.get_ref() {
            let line = line_of(&text, key.span().start);
            let Some(name) = Name::in_file(key.get_ref()) else {
                return Err(unknown_in_file(path, line, key.get_ref()));
            };
            let source = Source::File {
                path: path.to_owned(),
                line,
            };
            let written = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                // Numbers and booleans are read by the key itself, as written.
                DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => {
                    text.get(value.span()).unwrap_or_default().to_owned()
                }
                DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                    let text = "a list, table or date".to_owned();
                    return Err(ConfigError::wrong(name, &Value { text, source }));
                }
            };
            self.set(name, written, source);
        }
        Ok(())
    }
}

/// The `MAILROOST_` variables that are keys.
fn read_variables(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<(Name, String)>, ConfigError> {
    let mut found = Vec::new();
    for (variable, value) in variables {
        let Some(variable) = variable.to_str() else {
            continue;
        };
        let Some(rest) = variable.strip_prefix("MAILROOST_") else {
            continue;
        };
        let Some(name) = Name::of_variable(variable) else {
            if is_of_others(rest) {
                continue;
            }
            // Compared without the prefix, which makes all of them alike.
            let meant = nearest(rest, TABLE.iter().map(|key| key.name));
            return Err(ConfigError::UnknownVariable {
                variable: variable.to_owned(),
                nearest: TABLE
                    .iter()
                    .find(|key| Some(key.name) == meant)
                    .map(|key| key.variable),
            });
        };
        let Ok(text) = value.into_string() else {
            return Err(ConfigError::NotText { name });
        };
        found.push((name, text));
    }
    Ok(found)
}

/// `MAILROOST_` variables that are meant for somebody else: Kubernetes sets `…_SERVICE_HOST` and
/// `…_PORT_8080_TCP` in every pod beside a service called `mailroost`, clients and checks read
/// `MAILROOST_URL`, the project's own tests read `MAILROOST_TEST_…`.
fn is_of_others(rest: &str) -> bool {
    rest == "URL"
        || rest == "PORT"
        || ["SERVICE_", "PORT_", "TEST_"]
            .iter()
            .any(|prefix| rest.starts_with(prefix))
}

fn unknown_in_file(path: &Path, line: usize, key: &str) -> ConfigError {
    let (path, key) = (path.to_owned(), key.to_owned());
    if let Some(elsewhere) = TABLE.iter().find(|each| each.name == key) {
        let name = elsewhere.id;
        return ConfigError::NotInFile { path, line, name };
    }
    let known = TABLE
        .iter()
        .filter(|key| key.places == Places::All)
        .map(|key| key.name);
    let nearest = nearest(&key, known);
    ConfigError::UnknownKey {
        path,
        line,
        key,
        nearest,
    }
}

/// The known name that `wrong` was probably meant to be.
fn nearest(wrong: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let wrong = wrong.to_lowercase();
    // Hostile input must not cost: the comparison is quadratic in the length.
    if wrong.len() > 64 {
        return None;
    }
    known
        .map(|each| (strsim::jaro_winkler(&wrong, &each.to_lowercase()), each))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, each)| each)
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}
