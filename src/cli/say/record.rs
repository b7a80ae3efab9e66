//! `say --record`: the conversation as a file that `test` plays again. It is written after every step, so that Ctrl-C
//! loses nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hyper::header::HeaderMap;

use crate::conversation::Act;
use crate::conversation::call::Spoken;
use crate::conversation::file::Recording;
use crate::conversation::player::asked;
use crate::conversation::screen::Screen;
use crate::messages::{Message, conversation as messages};
use crate::time;

/// A file that is being written.
pub(super) struct Record {
    path: PathBuf,
    recording: Recording,
}

impl Record {
    /// Begins a new file; one that is there is not overwritten.
    pub(super) fn begin(path: &Path) -> Result<Self, Message> {
        let name = path.display().to_string();
        match fs::File::create_new(path) {
            Ok(_empty) => Ok(Self { path: path.to_owned(), recording: Recording::default() }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(messages::exists(name)),
            Err(error) => Err(messages::file_not_written(name, error.to_string())),
        }
    }

    /// Takes down one thing that was done, and what came.
    pub(super) fn add(&mut self, spoken: &Spoken<'_>, body: &[u8], headers: &HeaderMap) -> io::Result<()> {
        let act = match spoken {
            Spoken::Home => Act::Enter,
            Spoken::Words(words) => Act::Say((*words).to_owned()),
            Spoken::Photo(url) => Act::Photo((*url).to_owned()),
            Spoken::Press(press) => Act::Tap(press.label.clone()),
        };
        self.recording.add(&act, &Screen::of(body), asked(headers), time::instant());
        let name = self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        fs::write(&self.path, self.recording.to_toml(&name.unwrap_or_default(), None))
    }

    /// Where it stands.
    pub(super) fn told(&self) -> Message {
        messages::recorded(self.path.display().to_string())
    }
}
