//! The picture of the old bot's shop: drawn here, so that the program carries no file and asks no other server.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// Pixels: 2:1, as a card crops (O3).
pub(super) const WIDTH: u32 = 720;
/// Pixels.
pub(super) const HEIGHT: u32 = 360;

/// A PNG: an evening sky, a bridge, a river.
pub(super) fn png() -> Vec<u8> {
    let mut rows = Vec::new();
    for y in 0..HEIGHT {
        // No filter.
        rows.push(0);
        for x in 0..WIDTH {
            rows.extend_from_slice(&colour(x, y));
        }
    }
    let mut header = Vec::new();
    header.extend_from_slice(&WIDTH.to_be_bytes());
    header.extend_from_slice(&HEIGHT.to_be_bytes());
    // 8 bits, RGB, the only compression, filter and order there are.
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing into memory cannot fail.
    let _infallible = packed.write_all(&rows);
    let packed = packed.finish().unwrap_or_default();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", packed), (b"IEND", Vec::new())] {
        chunk(&mut png, kind, &data);
    }
    png
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    png.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    let mut sum = flate2::Crc::new();
    for part in [&kind[..], data] {
        sum.update(part);
        png.extend_from_slice(part);
    }
    png.extend_from_slice(&sum.sum().to_be_bytes());
}

fn colour(x: u32, y: u32) -> [u8; 3] {
    let (across, down) = (f64::from(x) / f64::from(WIDTH), f64::from(y) / f64::from(HEIGHT));
    let arch = 0.45 + (across - 0.5).powi(2);
    let pillar = x % 120 < 12 && down > arch && down < 0.8;
    match () {
        () if (down - arch).abs() < 0.02 || (0.62..0.66).contains(&down) || pillar => [60, 42, 33],
        () if down > 0.8 => [70, 110, 160],
        () if down > 0.6 => [250, 205, 120],
        () => [254, 229, 0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_a_small_png_of_the_told_size() {
        let png = png();
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR") && png.ends_with(b"IEND\xae\x42\x60\x82"));
        assert_eq!(png[16..24], [WIDTH.to_be_bytes(), HEIGHT.to_be_bytes()].concat());
        assert!(png.len() < 50_000, "{}", png.len());
    }
}
