//! Configuration: one table of keys, four layers, checked once into [`Settings`].

mod delivery;
mod error;
mod explain;
mod keys;
mod layers;
mod settings;
#[cfg(test)]
mod tests;

pub use explain::explain;
pub use keys::{Name, Places, TABLE};
pub use layers::Layers;
pub use settings::{LogFormat, Settings, Tls};
