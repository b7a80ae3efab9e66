//! The pictures in `docs/images`.

use std::path::Path;

use crate::pages::Furnished;
use crate::support::variable;
use crate::tab::{LAPTOP, PHONE};

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
    for (name, path) in &furnished.pages {
        tab.go(&furnished.house.at(path));
        for size in [PHONE, LAPTOP] {
            tab.size(size);
            let picture = tab.picture();
            let file = format!("{name}-{}.png", size.0);
            assert!(picture.starts_with(b"\x89PNG") && picture.len() <= BYTES, "{file}: {} bytes", picture.len());
            if is_wanted {
                std::fs::write(folder.join(file), picture).unwrap();
            } else {
                assert!(folder.join(&file).exists(), "{file} is missing: BLESS_IMAGES=1");
            }
        }
    }
}
