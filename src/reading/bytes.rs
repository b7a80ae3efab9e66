//! From bytes to characters (legacy.md 4, step 2): gzip that was not asked for, UTF-16, UTF-8, CP949.
//!
//! The Content-Type and Content-Encoding headers are not asked: of the recorded bots many name the wrong one
//! (legacy.md 3). The bytes tell.

use std::borrow::Cow;
use std::io::Read;

use encoding_rs::{EUC_KR, UTF_16BE, UTF_16LE};

use super::{Looks, Unreadable};
use crate::degradation::{Degradation, Degradations};
use crate::wire::limits;

const GZIP: &[u8] = &[0x1f, 0x8b];
const BOM_UTF8: &[u8] = &[0xef, 0xbb, 0xbf];
const BOM_UTF16_LE: &[u8] = &[0xff, 0xfe];
const BOM_UTF16_BE: &[u8] = &[0xfe, 0xff];

/// The body as characters, borrowed where it is UTF-8, and how they were won. A byte order mark of UTF-8 stays: the
/// parser meets it, as one may also stand behind white space.
pub(super) fn decode(body: &[u8]) -> Result<(Cow<'_, str>, Degradations), Unreadable> {
    if !body.starts_with(GZIP) {
        return Ok(characters(body));
    }
    let inflated = inflate(body)?;
    let (text, mut found) = characters(&inflated);
    found.add(Degradation::Gzip);
    Ok((Cow::Owned(text.into_owned()), found))
}

/// Decompresses at most as much as a reply may have. A damaged or cut stream gives what came out before the damage; the
/// parser decides whether that is a reply. Bytes behind the first stream are ignored.
fn inflate(body: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let bound = u64::try_from(limits::REPLY_BYTES).unwrap_or(u64::MAX);
    let mut inflated = Vec::new();
    let end = flate2::read::GzDecoder::new(body).take(bound.saturating_add(1)).read_to_end(&mut inflated);
    if inflated.len() > limits::REPLY_BYTES {
        return Err(Unreadable::TooLong);
    }
    match end {
        Err(_) if inflated.is_empty() => Err(Unreadable::NotJson { at: 0, looks: Looks::Other }),
        Ok(_) | Err(_) => Ok(inflated),
    }
}

fn characters(body: &[u8]) -> (Cow<'_, str>, Degradations) {
    if let Ok(text) = std::str::from_utf8(body) {
        return (Cow::Borrowed(text), Degradations::NONE);
    }
    for (mark, encoding) in [(BOM_UTF16_LE, UTF_16LE), (BOM_UTF16_BE, UTF_16BE)] {
        if let Some(rest) = body.strip_prefix(mark) {
            return (encoding.decode_without_bom_handling(rest).0, Degradation::Utf16.into());
        }
    }
    let rest = body.strip_prefix(BOM_UTF8).unwrap_or(body);
    let (text, mut found) = korean(rest);
    if rest.len() != body.len() {
        found.add(Degradation::Bom);
    }
    (text, found)
}

/// Bytes that are not UTF-8 are CP949, with one exception: a bot that cuts UTF-8 text by bytes (PHP's `substr`)
/// leaves half a syllable, and the other hundred should not turn into nonsense for it. CP949 hardly ever looks like
/// a three-byte character of UTF-8, while Hangul in UTF-8 is nothing else: where whole characters of that kind
/// outnumber the broken places, it is UTF-8.
fn korean(body: &[u8]) -> (Cow<'_, str>, Degradations) {
    let (mut whole, mut broken) = (0_usize, 0_usize);
    for chunk in body.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| *c >= '\u{800}').count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if whole > broken {
        return (String::from_utf8_lossy(body), Degradation::BrokenUtf8.into());
    }
    let (text, errors) = EUC_KR.decode_without_bom_handling(body);
    if errors && text.matches('\u{fffd}').count() > broken {
        return (String::from_utf8_lossy(body), Degradation::BrokenUtf8.into());
    }
    let mut found = Degradations::from(Degradation::Cp949);
    if errors {
        found.add(Degradation::BrokenUtf8);
    }
    (text, found)
}
