//! Configuration: what may be written ([`keys`]), as merged ([`raw`]), as meant ([`settings`]), and the way between.
//!
//! One table names every key with its kind, default and meaning; unknown keys, the reference, the sample and the JSON
//! Schema all come from it, so none of them can drift. The `config` crate merges file, environment and flags; its
//! values carry where they come from, and walking them finds every problem at once. Rejected: deserialising into
//! structs with serde, which stops at the first problem and cannot say which line or variable it came from.

mod access;
mod bot;
mod catalogue;
pub mod key;
pub mod keys;
pub mod load;
pub mod origin;
pub mod problem;
pub mod quantity;
pub mod raw;
mod read;
pub mod reference;
pub mod reload;
pub mod sample;
pub mod schema;
pub mod secret;
pub mod settings;
mod sources;
mod texts;
mod validate;

pub(crate) use bot::split_at_call;
pub use load::{Flag, Loaded, Sources, environment, language, load};
pub use origin::{Effective, Origin};
pub use problem::{Problem, Problems};
pub use reference::reference;
pub use reload::restart_needed;
pub use sample::sample;
pub use schema::schema;
pub use settings::Settings;
pub(crate) use validate::is_loopback;
