//! What every test here uses: an old bot that notes down what it is asked, a bridge, a caller.

pub(crate) mod bot;
pub(crate) mod bridge;
pub(crate) mod http;
pub(crate) mod say;

pub(crate) use bot::{Bot, Reply, buttons, text, words};
pub(crate) use bridge::Bridge;
pub(crate) use http::{Answer, post};
pub(crate) use say::{Say, added, blocked, event};

/// A user of the legacy form.
pub(crate) const MINA: &str = "Qw7-eRt_9YzA";
/// Another.
pub(crate) const JUN: &str = "Zx1_aSd-3FgH";
