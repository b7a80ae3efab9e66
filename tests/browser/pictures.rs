//! The pictures in `docs/images`.

use std::path::Path;

use crate::pages::Furnished;
use crate::support::variable;
use crate::tab::{LAPTOP, PHONE, Tab};

/// What a picture may take; they are for READMEs.
const BYTES: usize = 150 * 1024;

#[test]
fn pictures_of_every_page_are_made_and_small() {
    let Some((furnished, mut tab)) = Furnished::open() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
    let is_wanted = variable("BLESS_IMAGES").is_some();
    if is_wanted {
        std::fs::create_dir_all(&folder).unwrap();
    }
    let picture_of = |tab: &mut Tab, name: &str, path: &str| {
        for size in [PHONE, LAPTOP] {
            tab.size(size);
            tab.go(&furnished.house.at(path));
            tab.script("window.scrollTo(0, 0)", vec![]);
            let picture = tab.picture();
            let file = format!("{name}-{}.png", size.0);
            assert!(picture.starts_with(b"\x89PNG") && picture.len() <= BYTES, "{file}: {} bytes", picture.len());
            if is_wanted {
                std::fs::write(folder.join(file), picture).unwrap();
            } else {
                assert!(folder.join(&file).exists(), "{file} is missing: BLESS_IMAGES=1");
            }
        }
    };
    // While capture is on every page says so; in the pictures only its own does.
    let (quiet, captured): (Vec<_>, Vec<_>) = furnished.pages.iter().partition(|(name, _)| *name != "capture");
    for (name, path) in captured {
        picture_of(&mut tab, name, path);
    }
    tab.press_words("지금 끝내기");
    tab.says("에 지워집니다.");
    for (name, path) in quiet {
        picture_of(&mut tab, name, path);
    }
    tab.dark(true);
    picture_of(&mut tab, "dark", "/console/talk");
    tab.dark(false);
    let english = [
        ("start-en", "/console/?lang=en"),
        ("talk-en", "/console/talk?lang=en"),
        ("turns-en", "/console/turns?lang=en"),
    ];
    for (name, path) in english {
        picture_of(&mut tab, name, path);
    }
    tab.press_words("한국어");
    tab.press_words("로그아웃");
    tab.arrives_at("/console/sign-in");
    picture_of(&mut tab, "sign-in", "/console/sign-in");
}
