//! Configuration: as written ([`raw`]), as merged ([`load`]), as meant ([`settings`]).

pub mod secret;
pub mod settings;
