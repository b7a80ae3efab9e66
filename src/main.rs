//! The program; everything is in the library.
use smartchat_bridge::config::load::{Flag, Sources, load};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut flags = vec![];
    for pair in args[2..].chunks(2) {
        let key = match &*pair[0] {
            "--bot" => "bots.default.url",
            "--listen" => "listen",
            "--admin" => "admin.listen",
            x => &x[2..],
        };
        flags.push(Flag { key: key.into(), value: pair[1].clone(), name: pair[0].clone() });
    }
    let sources = smartchat_bridge::reload::OwnedSources { file: None, environment: vec![], flags };
    let loaded = match load(&sources.borrowed()) {
        Ok(l) => l,
        Err(p) => {
            eprintln!("{p}");
            std::process::exit(78)
        }
    };
    smartchat_bridge::telemetry::log::start(&loaded.settings.log);
    let r = smartchat_bridge::reload::serve(loaded, sources, |r| eprintln!("on {}", r.public()));
    eprintln!("{r:?}");
    let _ = Sources::default();
}
