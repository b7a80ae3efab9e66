//! Which path is what. Pure, one function, no table to fall out of step with it.

use hyper::Method;

use crate::translate::inbound::Endpoint;

/// The target of a path, and the bot it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route<'a> {
    /// The bot the path names; `None` for the short forms.
    pub(crate) bot: Option<&'a str>,
    /// The target.
    pub(crate) target: Target,
}

/// The things that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// A skill call.
    Skill(Endpoint),
    /// Kakao's channel webhook (E2).
    Channel,
    /// Does the process live?
    Health,
    /// Does it take calls?
    Ready,
}

/// Why a path is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Miss {
    /// No such path.
    NotFound,
    /// It takes these methods only.
    Method(&'static str),
}

impl<'a> Route<'a> {
    /// Reads method and path. One slash at the end is forgiven: people paste URLs.
    ///
    /// # Errors
    /// [`Miss`].
    pub(crate) fn parse(method: &Method, path: &'a str) -> Result<Self, Miss> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let (bot, place) = match path.strip_prefix("/bots/").and_then(|rest| rest.split_once('/')) {
            Some((bot, place)) if !bot.is_empty() => (Some(bot), place),
            Some(_) => return Err(Miss::NotFound),
            None => (None, path.strip_prefix('/').ok_or(Miss::NotFound)?),
        };
        let target = match place {
            "skill" => Target::Skill(Endpoint::Skill),
            "keyboard" => Target::Skill(Endpoint::Keyboard),
            "message" => Target::Skill(Endpoint::Message),
            "leave" => Target::Skill(Endpoint::Leave),
            "channel" => Target::Channel,
            "healthz" if bot.is_none() => Target::Health,
            "readyz" if bot.is_none() => Target::Ready,
            _ => return Err(Miss::NotFound),
        };
        let (allowed, fits) = match target {
            Target::Skill(_) | Target::Channel => ("POST", method == Method::POST),
            Target::Health | Target::Ready => ("GET, HEAD", method == Method::GET || method == Method::HEAD),
        };
        if fits { Ok(Self { bot, target }) } else { Err(Miss::Method(allowed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_of_the_design_is_found() {
        for (path, bot, target) in [
            ("/skill", None, Target::Skill(Endpoint::Skill)),
            ("/keyboard", None, Target::Skill(Endpoint::Keyboard)),
            ("/message/", None, Target::Skill(Endpoint::Message)),
            ("/leave", None, Target::Skill(Endpoint::Leave)),
            ("/channel", None, Target::Channel),
            ("/bots/shop/skill", Some("shop"), Target::Skill(Endpoint::Skill)),
            ("/bots/shop/channel", Some("shop"), Target::Channel),
        ] {
            assert_eq!(Route::parse(&Method::POST, path), Ok(Route { bot, target }), "{path}");
        }
        for path in ["/healthz", "/readyz"] {
            assert!(Route::parse(&Method::GET, path).is_ok());
        }
    }

    #[test]
    fn what_is_no_endpoint_is_said_to_be_none() {
        for path in
            ["", "/", "/skills", "/bots/skill", "/bots//skill", "/bots/a/b/skill", "/bots/shop/healthz", "skill"]
        {
            assert_eq!(Route::parse(&Method::POST, path), Err(Miss::NotFound), "{path}");
        }
        assert_eq!(Route::parse(&Method::GET, "/skill"), Err(Miss::Method("POST")));
        assert_eq!(Route::parse(&Method::POST, "/healthz"), Err(Miss::Method("GET, HEAD")));
    }
}
