//! The console at the operators' listener, as a browser meets it.

mod access;
mod attack;
mod capture;
mod pages;
mod start;
mod talk;
mod turns;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::support::*;

/// An old bot with a home keyboard of two buttons.
fn old_bot() -> Bot {
    Bot::before(bot::home(&["급식", "시간표"]), |asked| buttons(&asked.content(), &["급식", "시간표"]))
}

/// As much of a browser as the console needs: it keeps cookies, says where its forms come from, and speaks a language.
#[derive(Debug, Clone)]
pub struct Browser {
    at: SocketAddr,
    host: String,
    origin: String,
    language: &'static str,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(at: SocketAddr) -> Self {
        let host = at.to_string();
        Self { at, origin: format!("http://{host}"), host, language: "ko", cookies: BTreeMap::new() }
    }

    /// Its forms come from elsewhere.
    pub fn at_origin(mut self, origin: &str) -> Self {
        origin.clone_into(&mut self.origin);
        self
    }

    /// It speaks English.
    pub fn in_english(mut self) -> Self {
        self.language = "en";
        self
    }

    /// One that pressed the button behind a link of `bridge`.
    #[track_caller]
    pub fn signed_in(bridge: &Bridge) -> Self {
        let mut browser = Self::new(bridge.admin);
        let key = key_of(&bridge.running().sign_in_link().unwrap());
        let reply = browser.send("/console/sign-in", &[("key", &key)]);
        assert_eq!((reply.status, reply.header("location")), (303, Some("/console/")), "{}", reply.body);
        browser
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.request("GET", path, &[], b"")
    }

    /// Sends a form.
    pub fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request("POST", path, &[("Content-Type", "application/x-www-form-urlencoded")], body.as_bytes())
    }

    /// Sends a form with the token that its pages carry.
    #[track_caller]
    pub fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.form_token();
        self.send(path, &[fields, &[("form_token", token.as_str())]].concat())
    }

    /// The form token of its pages.
    #[track_caller]
    pub fn form_token(&mut self) -> String {
        let page = self.get("/console/").body;
        let behind = page.split_once("name=\"form_token\" value=\"").unwrap_or_else(|| panic!("{page}")).1;
        behind.split('"').next().unwrap().to_owned()
    }

    pub fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut own = vec![("Connection", "close"), ("Accept-Language", self.language), ("Cookie", &cookies)];
        if method == "POST" {
            own.push(("Origin", &self.origin));
        }
        own.extend_from_slice(headers);
        let bytes = http::request(method, path, &own, body);
        let bytes = String::from_utf8(bytes).unwrap().replacen("Host: localhost", &format!("Host: {}", self.host), 1);
        let answer = http::exchange(self.at, bytes);
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// The key in a sign-in link.
#[track_caller]
fn key_of(link: &str) -> String {
    link.split_once("/console/sign-in?key=").unwrap_or_else(|| panic!("{link}")).1.trim().to_owned()
}
