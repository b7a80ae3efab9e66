//! Which keys there are: the one table behind unknown-key detection, reference, sample and schema.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

use super::catalogue;
pub use super::key::{Key, Kind};

static TABLE: LazyLock<Vec<Key>> = LazyLock::new(catalogue::keys);

static BY_PATH: LazyLock<HashMap<&'static str, &'static Key>> =
    LazyLock::new(|| TABLE.iter().map(|key| (key.path.as_ref(), key)).collect());

static SECTIONS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let prefixes = |key: &'static Key| {
        std::iter::successors(Some(key.section()), |section| section.rsplit_once('.').map(|(outer, _)| outer))
    };
    TABLE.iter().flat_map(prefixes).filter(|section| !section.is_empty()).collect()
});

/// All keys, in the order of the reference.
#[must_use]
pub fn all() -> &'static [Key] {
    &TABLE
}

/// The key of this pattern.
#[must_use]
pub fn of_pattern(pattern: &str) -> Option<&'static Key> {
    BY_PATH.get(pattern).copied()
}

/// Whether keys stand below this pattern.
#[must_use]
pub fn is_section(pattern: &str) -> bool {
    SECTIONS.contains(pattern)
}

/// The pattern of a path: the name of a bot becomes `*`.
#[must_use]
pub fn pattern_of(path: &str) -> Cow<'_, str> {
    match path.strip_prefix("bots.") {
        None => Cow::Borrowed(path),
        Some(below) => match below.split_once('.') {
            None => Cow::Borrowed("bots.*"),
            Some((_, rest)) => Cow::Owned(format!("bots.*.{rest}")),
        },
    }
}

/// The known key or section nearest to an unknown path, with the bot's name of that path; `None` when nothing is near.
#[must_use]
pub fn nearest(unknown: &str) -> Option<String> {
    let pattern = pattern_of(unknown);
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let wanted = last(&pattern);
    let score = |known: &str| {
        // The right name in the wrong section is the commoner slip, but a near name in the right section goes first.
        let whole = strsim::normalized_damerau_levenshtein(known, &pattern);
        let name = strsim::normalized_damerau_levenshtein(&last(known), &wanted);
        let same_section = known.rsplit_once('.').map(|(s, _)| s) == pattern.rsplit_once('.').map(|(s, _)| s);
        if same_section { name + 0.1 } else { name.max(whole - 0.2) }
    };
    let known = TABLE.iter().map(|key| key.path.as_ref()).chain(SECTIONS.iter().copied());
    let best = known.map(|known| (score(known), known)).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)));
    let (_, found) = best.filter(|(score, _)| *score >= 0.6)?;
    let bot = unknown.strip_prefix("bots.").and_then(|rest| rest.split('.').next()).unwrap_or("<bot>");
    Some(found.replacen('*', bot, 1))
}

/// The word of `words` nearest to `wrong`, when one is near.
#[must_use]
pub fn nearest_word<'a>(wrong: &str, words: &[&'a str]) -> Option<&'a str> {
    let scored = words.iter().map(|word| (strsim::normalized_damerau_levenshtein(word, wrong), *word));
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(score, _)| *score >= 0.5).map(|(_, word)| word)
}

/// The variable that sets this path.
#[must_use]
pub fn variable_of(path: &str) -> String {
    let mut name = String::from("BRIDGE");
    for (index, part) in path.split('.').enumerate() {
        let separator = if index == 0 { "_" } else { "__" };
        let _infallible = write!(name, "{separator}{}", part.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_stands_twice_and_none_is_a_section_too() {
        assert_eq!(BY_PATH.len(), TABLE.len());
        assert!(TABLE.iter().all(|key| !is_section(&key.path)));
    }

    #[test]
    fn every_secret_has_a_form_read_from_a_file() {
        for key in all().iter().filter(|key| matches!(key.kind, Kind::Secret | Kind::Secrets)) {
            assert_eq!(of_pattern(&format!("{}_file", key.path)).map(|k| k.kind), Some(Kind::File), "{}", key.path);
        }
    }

    #[test]
    fn the_nearest_key_is_named_with_the_bot() {
        for (typo, meant) in [
            ("lissten", Some("listen")),
            ("bots.shop.dedline", Some("bots.shop.deadline")),
            ("bots.shop.texts.outtage", Some("bots.shop.texts.outage")),
            ("deadline", Some("bots.<bot>.deadline")),
            ("limit", Some("limits")),
            ("xyzzy", None),
        ] {
            assert_eq!(nearest(typo).as_deref(), meant, "{typo}");
        }
    }

    #[test]
    fn a_path_has_its_variable() {
        assert_eq!(variable_of("bots.shop.channel_key_file"), "BRIDGE_BOTS__SHOP__CHANNEL_KEY_FILE");
        assert_eq!(variable_of("media_hosts"), "BRIDGE_MEDIA_HOSTS");
    }
}
