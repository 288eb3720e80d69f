//! `DateTimeOffset` into JSON bytes without the formatting machinery: a page of rows holds one in each.

use crate::edm::civil::{TICKS_PER_DAY, TICKS_PER_SECOND, civil_from_days};
use crate::edm::{DateTimeOffset, Offset};

/// Appends the text that `Display` gives.
pub(super) fn push(out: &mut Vec<u8>, at: DateTimeOffset) {
    let local = at.local_ticks();
    let (year, month, day) = civil_from_days(local.div_euclid(TICKS_PER_DAY));
    let of_day = local.rem_euclid(TICKS_PER_DAY);
    let seconds = of_day / TICKS_PER_SECOND;
    let mut text = *b"0000-00-00T00:00:00.0000000";
    digits(&mut text[0..4], year);
    digits(&mut text[5..7], month);
    digits(&mut text[8..10], day);
    digits(&mut text[11..13], seconds / 3600);
    digits(&mut text[14..16], seconds / 60 % 60);
    digits(&mut text[17..19], seconds % 60);
    digits(&mut text[20..27], of_day % TICKS_PER_SECOND);
    let end = match usize::from(at.fractional_digits()) {
        0 => 19,
        places => 20 + places.min(7),
    };
    out.extend_from_slice(&text[..end]);
    match at.offset() {
        Offset::Utc => out.push(b'Z'),
        Offset::Minutes(minutes) => {
            let mut zone = *b"+00:00";
            if minutes < 0 {
                zone[0] = b'-';
            }
            let minutes = i64::from(minutes.unsigned_abs());
            digits(&mut zone[1..3], minutes / 60);
            digits(&mut zone[4..6], minutes % 60);
            out.extend_from_slice(&zone);
        }
    }
}

/// Fills a field from the right.
fn digits(field: &mut [u8], mut number: i64) {
    for place in field.iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::edm::DateTimeOffset;

    fn pushed(at: DateTimeOffset) -> String {
        let mut out = Vec::new();
        super::push(&mut out, at);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn the_ends_of_the_range_are_written() {
        for text in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "2017-01-01T00:00:15.24+03:00"] {
            assert_eq!(DateTimeOffset::parse(text).map(pushed), Ok(text.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn the_text_is_the_one_that_display_gives(ticks in 0_i64..3_155_378_975_999_999_999, zone in -840_i32..=841, digits in 0_i32..=7) {
            let zone = if zone > 840 { 0x7fff } else { zone + 1024 };
            if let Some(at) = DateTimeOffset::from_parts(ticks, zone << 4 | digits) {
                prop_assert_eq!(pushed(at), at.to_string());
            }
        }
    }
}
