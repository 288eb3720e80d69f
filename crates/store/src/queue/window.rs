//! How many may wait: as many as are served in good time, found by trying. More wait while that goes well, fewer once it does not. Plain
//! arithmetic; it must never know what waits, nor read a clock.

use std::time::{Duration, Instant};

/// The window.
#[derive(Debug)]
pub(crate) struct Window {
    size: usize,
    /// Between these it stays.
    least: usize,
    most: usize,
    /// From coming to the end.
    in_good_time: Duration,
    /// When it last became another. Who came before then tells nothing of how it goes now.
    changed: Option<Instant>,
    /// Somebody has been turned away since the last look.
    was_hit: bool,
}

impl Window {
    pub(crate) fn new(least: usize, most: usize, in_good_time: Duration) -> Self {
        Self { size: most, least, most, in_good_time, changed: None, was_hit: false }
    }

    /// Whether one more may wait in a lane where `own` wait, when `before` come before it and there are so many lanes. Each lane has its share;
    /// with what others have that do not keep to theirs it may be twice as much.
    pub(crate) fn has_room(&mut self, own: usize, before: usize, lanes: usize) -> bool {
        let share = (self.size / lanes.max(1)).max(1);
        let has_room = own < share && before < self.size.saturating_mul(2);
        self.was_hit |= !has_room;
        has_room
    }

    /// At `now` those are served, or past being served, of whom the first came at `came`.
    pub(crate) fn served(&mut self, came: Instant, now: Instant) {
        if self.changed.is_some_and(|changed| came < changed) {
            return;
        }
        let took = now.saturating_duration_since(came);
        if took > self.in_good_time {
            // As far as it was too long, or a little less: at most to the half.
            let eighths = self.in_good_time.as_nanos() * 8 / took.as_nanos().max(1);
            let eighths = usize::try_from(eighths).unwrap_or(7).clamp(4, 7);
            self.size = (self.size * eighths / 8).max(self.least);
            self.changed = Some(now);
        } else if std::mem::take(&mut self.was_hit) {
            self.size = (self.size + self.size / 8 + 1).min(self.most);
            self.changed = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Duration = Duration::from_millis(750);

    /// Somebody floods a taker who takes up to `batch` at once, `each` long for every one and `fixed` for the whole. The longest time in the last
    /// ten of thirty seconds, and what was served in them, of what could be.
    fn flooded(window: &mut Window, begin: Instant, batch: usize, each: Duration, fixed: Duration) -> (Duration, f64) {
        let (mut now, mut waiting) = (begin, std::collections::VecDeque::new());
        let (mut longest, mut served) = (Duration::ZERO, 0_u32);
        while now < begin + Duration::from_secs(30) {
            let present: Vec<Instant> = waiting.drain(..batch.min(waiting.len())).collect();
            let took = fixed + each * u32::try_from(present.len()).expect("few");
            // Four come for each that could be served, evenly.
            let coming = 4 * batch * usize::try_from(took.as_micros()).expect("short")
                / usize::try_from((fixed + each * u32::try_from(batch).expect("few")).as_micros()).expect("short");
            for n in 0..coming {
                if window.has_room(waiting.len(), waiting.len(), 1) {
                    waiting
                        .push_back(now + took * u32::try_from(n).expect("few") / u32::try_from(coming).expect("few"));
                }
            }
            now += took;
            if let Some(&first) = present.first() {
                window.served(first, now);
                if now > begin + Duration::from_secs(20) {
                    longest = longest.max(now - first);
                    served += u32::try_from(present.len()).expect("few");
                }
            }
        }
        let full = (fixed + each * u32::try_from(batch).expect("few")).as_secs_f64()
            / f64::from(u32::try_from(batch).expect("few"));
        (longest, f64::from(served) * full / 10.0)
    }

    #[test]
    fn who_is_let_in_is_served_in_good_time_and_the_taker_has_enough_to_do() {
        let (us, ms) = (Duration::from_micros, Duration::from_millis);
        for (each, fixed) in [(us(30), ms(1)), (us(30), ms(50)), (us(20), ms(150)), (us(30), ms(250))] {
            let mut window = Window::new(64, 8_192, GOOD);
            let (longest, served) = flooded(&mut window, Instant::now(), 1_024, each, fixed);
            assert!(longest < ms(950), "{each:?} {fixed:?}: {longest:?}");
            assert!(served > 0.85, "{each:?} {fixed:?}: {served}");
        }
    }

    #[test]
    fn it_opens_again_when_all_goes_well() {
        let (mut window, begin) = (Window::new(64, 8_192, GOOD), Instant::now());
        let slow = flooded(&mut window, begin, 1_024, Duration::from_micros(100), Duration::from_millis(500));
        assert!(window.size < 1_024, "{slow:?}");
        let (_, served) = flooded(
            &mut window,
            begin + Duration::from_secs(40),
            1_024,
            Duration::from_micros(30),
            Duration::from_millis(1),
        );
        assert!(served > 0.95 && window.size > 4_096, "{served} {}", window.size);
    }

    #[test]
    fn a_lane_of_few_has_room_beside_one_that_floods() {
        let mut window = Window::new(64, 8_192, GOOD);
        window.size = 100;
        assert!(window.has_room(99, 99, 1) && !window.has_room(100, 100, 1));
        assert!(window.has_room(0, 100, 2) && window.has_room(49, 150, 2) && !window.has_room(50, 150, 2));
        assert!(!window.has_room(0, 200, 50), "but all have a bound together");
        assert!(window.has_room(0, 150, 1_000) && !window.has_room(1, 150, 1_000));
    }
}
