//! What can be wrong with a configuration, each as one line for the person who wrote it.

use std::fmt;
use std::path::PathBuf;

use super::keys::{Key, Name, Places};
use super::layers::{Source, Value};

/// A configuration that cannot be used. The text is one line and never shows a secret.
#[derive(Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// A key of the file that does not exist.
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key as written.
        key: String,
        /// The key that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A `MAILROOST_` variable that does not exist.
    UnknownVariable {
        /// The variable as written.
        variable: String,
        /// The variable that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A key that may not be in the file.
    NotInFile {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key.
        name: Name,
    },
    /// A variable whose value is not UTF-8.
    NotText {
        /// The key.
        name: Name,
    },
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// The file is not TOML.
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// A value that is not of the key's kind.
    Wrong {
        /// The key.
        name: Name,
        /// What was written, and where.
        value: Value,
    },
    /// One key is set and the other, which it needs, is not.
    Alone {
        /// The key that is set.
        set: Name,
        /// The key that is missing.
        missing: Name,
    },
    /// Two lists that belong together differ in length.
    Uneven {
        /// The one key and how many values it has.
        one: (Name, usize),
        /// The other key and how many values it has.
        other: (Name, usize),
    },
}

impl ConfigError {
    /// `value` is not of the kind `name` wants.
    pub fn wrong(name: Name, value: &Value) -> Self {
        let value = value.clone();
        Self::Wrong { name, value }
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey {
                path,
                line,
                key,
                nearest,
            } => {
                write!(f, "{}:{line}: unknown key {}", path.display(), quoted(key))?;
                suggest(f, *nearest)
            }
            Self::UnknownVariable { variable, nearest } => {
                write!(f, "unknown variable {}", quoted(variable))?;
                suggest(f, *nearest)
            }
            Self::NotInFile { path, line, name } => {
                let key = name.key();
                write!(f, "{}:{line}: {} ", path.display(), key.name)?;
                match key.places {
                    Places::OnlyVariable => write!(
                        f,
                        "is a secret and does not belong in the file; set {} instead",
                        key.variable
                    ),
                    Places::NotInFile | Places::All => {
                        write!(f, "cannot be set in the file; use --{}", key.flag)
                    }
                }
            }
            Self::NotText { name } => write!(f, "{} is not UTF-8 text", name.key().variable),
            Self::Unreadable { path, reason } => write!(
                f,
                "the configuration file {} cannot be read: {reason}",
                path.display()
            ),
            Self::Syntax { path, line, reason } => {
                write!(f, "{}:{line}: this is not TOML: {reason}", path.display())
            }
            Self::Wrong { name, value } => wrong(f, name.key(), value),
            Self::Alone { set, missing } => write!(
                f,
                "{} is set but {} is not; set both or neither",
                set.key().name,
                missing.key().name
            ),
            Self::Uneven { one, other } => write!(
                f,
                "{} names {} and {} names {}; give as many of each, in the same order",
                one.0.key().name,
                one.1,
                other.0.key().name,
                other.1
            ),
        }
    }
}

fn wrong(f: &mut fmt::Formatter<'_>, key: &Key, value: &Value) -> fmt::Result {
    match &value.source {
        Source::Default => write!(f, "{}", key.name)?,
        Source::File { path, line } => write!(f, "{}:{line}: {}", path.display(), key.name)?,
        Source::Variable => f.write_str(key.variable)?,
        Source::Flag => write!(f, "--{}", key.flag)?,
    }
    if key.secret {
        f.write_str(": its value ")?;
    } else {
        write!(f, ": {} ", quoted(&value.text))?;
    }
    write!(f, "is not {}, for example {}", key.wanted, key.example)
}

fn suggest(f: &mut fmt::Formatter<'_>, nearest: Option<&str>) -> fmt::Result {
    match nearest {
        Some(nearest) => write!(f, "; did you mean {nearest}?"),
        None => f.write_str("; `mailroost config explain` lists all"),
    }
}

/// `text` in quotes, cut and escaped so that the message stays one line.
fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
