//! Lines over time as an SVG picture: panels below each other with one axis of time. It must never know what the lines mean.

use std::fmt::Write as _;

const WIDTH: f64 = 960.0;
const PANEL_HEIGHT: f64 = 260.0;
/// Room for the title, between panels, and for the axis of time.
const TOP: f64 = 44.0;
const GAP: f64 = 46.0;
const BOTTOM: f64 = 40.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 24.0;

/// Marks that an axis has about.
const TICKS: f64 = 5.0;

const INK: &str = "#333";
const GRID: &str = "#e6e6e6";

/// A picture.
pub(crate) struct Chart {
    pub(crate) title: String,
    /// Seconds from one value to the next.
    pub(crate) step_seconds: f64,
    pub(crate) panels: Vec<Panel>,
}

/// Lines with one axis.
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) scale: Scale,
    pub(crate) lines: Vec<Line>,
}

/// How values are placed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From 0.
    Linear,
    /// In powers of ten.
    Logarithmic,
}

/// A line; where it has no value (NaN) it has a gap.
pub(crate) struct Line {
    name: &'static str,
    colour: &'static str,
    values: Vec<f64>,
}

impl Line {
    pub(crate) fn new(name: &'static str, colour: &'static str, values: Vec<f64>) -> Self {
        Self { name, colour, values }
    }
}

impl Chart {
    /// The picture.
    pub(crate) fn svg(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, svg: &mut String) -> std::fmt::Result {
        let panels = as_f64(self.panels.len());
        let height = TOP + panels * PANEL_HEIGHT + (panels - 1.0).max(0.0) * GAP + BOTTOM;
        writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12" fill="{INK}">"#
        )?;
        writeln!(svg, r#"<rect width="{WIDTH}" height="{height}" fill="white"/>"#)?;
        writeln!(svg, r#"<text x="{LEFT}" y="18" font-size="15" font-weight="bold">{}</text>"#, escaped(&self.title))?;
        let values = self.panels.iter().flat_map(|panel| &panel.lines).map(|line| line.values.len()).max().unwrap_or(0);
        let seconds = (as_f64(values) * self.step_seconds).max(1.0);
        for (index, panel) in self.panels.iter().enumerate() {
            let top = TOP + as_f64(index) * (PANEL_HEIGHT + GAP);
            panel.write(svg, top, seconds, self.step_seconds)?;
        }
        let middle = LEFT + (WIDTH - LEFT - RIGHT) / 2.0;
        writeln!(svg, r#"<text x="{middle}" y="{}" text-anchor="middle">seconds</text>"#, height - 6.0)?;
        writeln!(svg, "</svg>")
    }
}

impl Panel {
    fn write(&self, svg: &mut String, top: f64, seconds: f64, step: f64) -> std::fmt::Result {
        let axis = Axis::of(self, top);
        let bottom = top + PANEL_HEIGHT;
        writeln!(svg, r#"<text x="{LEFT}" y="{}">{}</text>"#, top - 6.0, escaped(&self.title))?;
        for mark in &axis.marks {
            let y = axis.y(*mark);
            writeln!(svg, r#"<line x1="{LEFT}" y1="{y:.1}" x2="{}" y2="{y:.1}" stroke="{GRID}"/>"#, WIDTH - RIGHT)?;
            let label = label(*mark);
            writeln!(svg, r#"<text x="{}" y="{:.1}" text-anchor="end">{label}</text>"#, LEFT - 8.0, y + 4.0)?;
        }
        let x = |second: f64| LEFT + second / seconds * (WIDTH - LEFT - RIGHT);
        let tick = round_step(seconds / (2.0 * TICKS));
        let mut second = 0.0;
        while second <= seconds {
            let x = x(second);
            writeln!(svg, r#"<line x1="{x:.1}" y1="{top}" x2="{x:.1}" y2="{bottom}" stroke="{GRID}"/>"#)?;
            writeln!(svg, r#"<text x="{x:.1}" y="{}" text-anchor="middle">{second}</text>"#, bottom + 16.0)?;
            second += tick;
        }
        for line in &self.lines {
            let path = path(&line.values, |index| x((as_f64(index) + 0.5) * step), |value| axis.y(value));
            writeln!(svg, r#"<path d="{path}" fill="none" stroke="{}" stroke-width="1.5"/>"#, line.colour)?;
        }
        let mut right = WIDTH - RIGHT;
        for line in self.lines.iter().rev() {
            writeln!(
                svg,
                r#"<text x="{right}" y="{}" text-anchor="end" fill="{}">{}</text>"#,
                top - 6.0,
                line.colour,
                escaped(line.name)
            )?;
            right -= 16.0 + 7.0 * as_f64(line.name.len());
        }
        writeln!(
            svg,
            r#"<rect x="{LEFT}" y="{top}" width="{}" height="{PANEL_HEIGHT}" fill="none" stroke="{INK}"/>"#,
            WIDTH - LEFT - RIGHT
        )
    }
}

/// The values of a panel on its height.
struct Axis {
    top: f64,
    scale: Scale,
    low: f64,
    high: f64,
    marks: Vec<f64>,
}

impl Axis {
    fn of(panel: &Panel, top: f64) -> Self {
        let values = || panel.lines.iter().flat_map(|line| &line.values).copied().filter(|value| value.is_finite());
        let largest = values().fold(0.0, f64::max);
        match panel.scale {
            Scale::Linear => {
                let step = round_step(largest.max(1.0) / TICKS);
                let high = (largest / step).ceil().max(1.0) * step;
                let mut marks = vec![0.0];
                while marks.last().is_some_and(|last| last + step <= high) {
                    marks.push(marks.last().map_or(0.0, |last| last + step));
                }
                Self { top, scale: panel.scale, low: 0.0, high, marks }
            }
            Scale::Logarithmic => {
                let smallest = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
                let smallest = if smallest.is_finite() { smallest } else { 1.0 };
                let low = smallest.log10().floor();
                let high = largest.max(smallest).log10().ceil().max(low + 1.0);
                let mut marks = vec![low];
                while marks.last().is_some_and(|last| last + 1.0 <= high) {
                    marks.push(marks.last().map_or(low, |last| last + 1.0));
                }
                let marks = marks.into_iter().map(|power| 10_f64.powf(power)).collect();
                Self { top, scale: panel.scale, low, high, marks }
            }
        }
    }

    fn y(&self, value: f64) -> f64 {
        let value = match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.max(f64::MIN_POSITIVE).log10(),
        };
        let part = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.top + (1.0 - part) * PANEL_HEIGHT
    }
}

/// The path of a line with its gaps.
fn path(values: &[f64], x: impl Fn(usize) -> f64, y: impl Fn(f64) -> f64) -> String {
    let mut path = String::new();
    let mut is_drawing = false;
    for (index, value) in values.iter().enumerate() {
        if !value.is_finite() {
            is_drawing = false;
            continue;
        }
        let command = if is_drawing { 'L' } else { 'M' };
        // Writing to a String cannot fail.
        let _ = write!(path, "{command}{:.1} {:.1}", x(index), y(*value));
        is_drawing = true;
    }
    path
}

/// The next of 1, 2, 5, 10, 20, … that is not below.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|digit| digit * power).find(|step| *step >= least).unwrap_or(10.0 * power)
}

fn label(value: f64) -> String {
    if value >= 1000.0 {
        format!("{:.0},{:03.0}", (value / 1000.0).floor(), value % 1000.0)
    } else {
        format!("{value}")
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[expect(clippy::cast_precision_loss, reason = "some hundred values")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::{Axis, Chart, Line, PANEL_HEIGHT, Panel, Scale, path, round_step};

    fn panel(scale: Scale, values: Vec<f64>) -> Panel {
        Panel { title: "a < b".into(), scale, lines: vec![Line::new("line", "red", values)] }
    }

    #[test]
    fn marks_are_round_and_hold_all_values() {
        let linear = Axis::of(&panel(Scale::Linear, vec![3.0, 8_700.0]), 0.0);
        assert!(linear.marks.first() == Some(&0.0) && linear.marks.last() == Some(&10_000.0), "{:?}", linear.marks);
        assert!((linear.y(0.0) - PANEL_HEIGHT).abs() < 1e-9 && linear.y(10_000.0).abs() < 1e-9);
        let logarithmic = Axis::of(&panel(Scale::Logarithmic, vec![0.5, 230.0, f64::NAN]), 0.0);
        assert_eq!(logarithmic.marks.len(), 5, "0.1 to 1000");
        assert!(logarithmic.y(1.0) > logarithmic.y(10.0));
        let near = |least, step: f64| (round_step(least) - step).abs() < 1e-9;
        assert!(near(1.0, 1.0) && near(0.3, 0.5) && near(7.0, 10.0));
    }

    #[test]
    fn a_line_has_gaps_where_it_has_no_value() {
        let drawn = path(&[1.0, f64::NAN, 2.0, 3.0], |index| if index == 0 { 0.0 } else { 1.0 }, |value| value);
        assert_eq!(drawn, "M0.0 1.0M1.0 2.0L1.0 3.0");
    }

    #[test]
    fn a_picture_is_well_formed_also_without_values() {
        for values in [Vec::new(), vec![f64::NAN], vec![0.0], vec![1.0, 2.0]] {
            let panels = vec![panel(Scale::Linear, values.clone()), panel(Scale::Logarithmic, values)];
            let svg = Chart { title: "x & y".into(), step_seconds: 1.0, panels }.svg();
            assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
            assert!(
                svg.contains("x &amp; y") && svg.contains("a &lt; b") && !svg.contains("NaN") && !svg.contains("inf")
            );
        }
    }
}
