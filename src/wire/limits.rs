//! The numbers of both wires, each with its source. Lengths are UTF-16 units (O1): never fewer than
//! Kakao's own undocumented count, because every code point is one or two units and every grapheme at least one.

/// Outputs of one answer (openbuilder.md 2).
pub const OUTPUTS: usize = 3;
/// Quick replies of one answer (openbuilder.md 2).
pub const QUICK_REPLIES: usize = 10;
/// Units of a `simpleText` (openbuilder.md 2).
pub const SIMPLE_TEXT: usize = 1000;
/// Units of a `textCard`'s title and description together (openbuilder.md 2).
pub const TEXT_CARD: usize = 400;
/// Units of a card's title (openbuilder.md 2).
pub const TITLE: usize = 50;
/// Units of a `basicCard`'s description (openbuilder.md 2).
pub const BASIC_CARD: usize = 230;
/// Units of a button's or quick reply's label (openbuilder.md 2; for quick replies the habit of third parties).
pub const LABEL: usize = 14;
/// Buttons of one card, one below the other (openbuilder.md 2).
pub const CARD_BUTTONS: usize = 3;
/// Cards of one carousel (openbuilder.md 2).
pub const CAROUSEL: usize = 10;
/// Units of an image's alternative text (openbuilder.md 2).
pub const ALT_TEXT: usize = 50;
/// Bytes of one bubble as Kakao computes it (openbuilder.md 2); over it the bubble is not sent.
pub const BUBBLE_BYTES: usize = 30_720;
/// Bytes of a whole answer (O5).
pub const ANSWER_BYTES: usize = 64 * 1024;
/// Units a label may have to travel whole in `messageText` and `extra`; a longer one travels as a token (K3).
pub const LABEL_TRAVELS_WHOLE: usize = 1000;

/// Units of one reply that are kept (O5); the rest is cut with `…` and reported.
pub const REPLY_UNITS: usize = 100_000;
/// Bytes of a legacy reply that are read. 180 KB pages were recorded (legacy.md 3); a reply of 100,000 units of
/// Hangul is 300 KB raw and 600 KB as `\u` escapes.
pub const REPLY_BYTES: usize = 1024 * 1024;
/// Nesting of a legacy reply or a skill call that is read. Real ones have at most 6 levels.
pub const DEPTH: usize = 64;
/// Buttons of one keyboard that are kept: ten times the old platform's 100 (legacy.md 1).
pub const BUTTONS: usize = 1000;
/// Bytes of a URL that are put on the wire to OpenBuilder; a longer one is written out in the text.
pub const URL_BYTES: usize = 4096;
/// Images of one call that are forwarded (I4).
pub const IMAGES: usize = 10;
