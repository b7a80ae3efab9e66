//! A bridge of its own before one bot, to play conversations with: real calls, a real pipeline, and nobody else in it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use url::Url;

use crate::config::Settings;
use crate::config::settings::{Access, BotSettings};
use crate::conversation::call;
use crate::runtime::{self, Running, StartError, Stop};

/// A bridge on the loopback, stopped when it is dropped. Starting and dropping it wait for its threads, so neither belongs
/// on a thread that serves others.
pub(crate) struct OwnBridge {
    stop: Stop,
    running: Option<Running>,
    url: Url,
}

impl OwnBridge {
    /// Starts one before `bot`, set up as `settings` say in all that users notice. Whom it admits and where it listens
    /// is its own affair: it is reached from this process only, on ports that nobody knows.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub(crate) fn start(settings: &Settings, bot: &BotSettings) -> Result<Self, StartError> {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let own = BotSettings {
            secret: None,
            allow: Vec::new(),
            rate: None,
            channel_key: None,
            openbuilder_ids: Vec::new(),
            // The blocks that call are ours as well.
            welcome_blocks: vec![call::WELCOME.1.into()],
            ..bot.clone()
        };
        let mut settings = Settings {
            listen: anywhere,
            tls: None,
            workers: 1,
            bots: BTreeMap::from([(bot.id.clone(), Arc::new(own))]),
            access: Access::default(),
            alert: None,
            // The real one's state is not touched.
            store: None,
            ..settings.clone()
        };
        settings.admin.listen = anywhere;
        let running = runtime::start(Arc::new(settings))?;
        let mut url = Url::parse("http://127.0.0.1/skill").unwrap_or_else(|_| bot.url.clone());
        let _known_scheme = url.set_port(Some(running.public().port()));
        Ok(Self { stop: running.stop_handle(), running: Some(running), url })
    }

    /// Where it takes skill calls.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }
}

impl Drop for OwnBridge {
    fn drop(&mut self) {
        // Twice: nobody waits for what is under way.
        self.stop.signal();
        self.stop.signal();
        if let Some(running) = self.running.take() {
            running.wait();
        }
    }
}
