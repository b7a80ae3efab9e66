//! Answers of the store, taken apart.

use redis::Value;

/// A number as an argument.
pub(super) fn text(number: impl std::fmt::Display) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// A whole number.
pub(super) fn int(value: &Value) -> Option<i64> {
    if let Value::Int(number) = value { Some(*number) } else { None }
}

/// Bytes.
pub(super) fn bytes(value: Value) -> Option<Vec<u8>> {
    if let Value::BulkString(bytes) = value { Some(bytes) } else { None }
}

/// Text.
pub(super) fn string(value: Value) -> Option<String> {
    String::from_utf8(bytes(value)?).ok()
}

/// A list.
pub(super) fn list(value: Value) -> Option<Vec<Value>> {
    if let Value::Array(values) = value { Some(values) } else { None }
}

/// The whole numbers at the head of a list.
pub(super) fn numbers(value: &Value) -> impl Iterator<Item = i64> {
    let parts = if let Value::Array(parts) = value { &parts[..] } else { &[] };
    parts.iter().map_while(int)
}

/// Names and values that stand in turn, as a hash comes from a script.
pub(super) fn pairs(value: Value) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut values = list(value).unwrap_or_default().into_iter().map(|value| bytes(value).unwrap_or_default());
    let mut pairs = Vec::new();
    while let (Some(name), Some(value)) = (values.next(), values.next()) {
        pairs.push((name, value));
    }
    pairs
}
