//! Drawings inlined in few bytes: what looks the same is drawn by one path.
//!
//! Owns this packing of the SVG that the figures' backend writes, an element a line. Discs of one
//! size become dots of a path with round ends, circles arcs of one, lines and polylines of one
//! style one path; fonts and defaults come from the style sheet. What is not recognised stays as it
//! is. The files in `figures/` are not packed.

use std::fmt::Write as _;

/// The drawing without XML declaration, packed.
pub(super) fn packed(svg: &str) -> String {
    let svg = svg.find("<svg").map_or(svg, |at| &svg[at..]);
    let mut out = Packed::default();
    let mut lines = svg.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        match Element::read(line) {
            Some(element) if element.name == "text" => {
                out.end();
                text(&mut out.text, &element);
                // The content, and the closing tag, stand on lines of their own.
                for content in lines.by_ref() {
                    out.text += content.trim();
                    if content.contains("</text>") {
                        break;
                    }
                }
                out.text.push('\n');
            }
            Some(element) => match element.stroke() {
                Some((style, path)) => out.add(&style, &path),
                None => out.verbatim(line),
            },
            None => out.verbatim(line),
        }
    }
    out.end();
    out.text
}

/// The text so far, and the path that may still grow.
#[derive(Default)]
struct Packed {
    text: String,
    style: String,
    path: String,
}

impl Packed {
    fn add(&mut self, style: &str, path: &str) {
        if self.style != style {
            self.end();
            self.style = style.to_owned();
        }
        self.path += path;
    }

    fn end(&mut self) {
        if !self.path.is_empty() {
            let _ = writeln!(self.text, "<path{} d=\"{}\"/>", self.style, self.path);
        }
        self.path.clear();
        self.style.clear();
    }

    fn verbatim(&mut self, line: &str) {
        self.end();
        self.text += &line.replace(" opacity=\"1\"", "");
        self.text.push('\n');
    }
}

/// A start tag.
struct Element<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
}

impl<'a> Element<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let inner = line.strip_prefix('<')?;
        let inner = inner.strip_suffix("/>").or(inner.strip_suffix('>'))?;
        let (name, mut rest) = inner.split_once(' ')?;
        let mut attributes = Vec::new();
        while !rest.trim().is_empty() {
            let (key, after) = rest.trim_start().split_once("=\"")?;
            let (value, after) = after.split_once('"')?;
            attributes.push((key, value));
            rest = after;
        }
        Some(Self { name, attributes })
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        let own = self.attributes.iter().find(|(key, _)| *key == name);
        own.map(|(_, value)| *value)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }

    /// Style and path of what is drawn by a stroke, discs included.
    fn stroke(&self) -> Option<(String, String)> {
        let mut style = String::new();
        let opacity = self.get("opacity").filter(|o| *o != "1");
        if let Some(opacity) = opacity {
            let _ = write!(style, " opacity=\"{opacity}\"");
        }
        if self.name == "circle" {
            let (x, y, r) = (self.number("cx")?, self.number("cy")?, self.number("r")?);
            let Some(fill) = self.get("fill").filter(|f| *f != "none") else {
                let (stroke, width) = (self.get("stroke")?, self.get("stroke-width")?);
                let _ = write!(style, " stroke=\"{stroke}\" stroke-width=\"{width}\"");
                let (left, wide) = (x - r, 2 * r);
                let ring = format!("M{left} {y}a{r} {r} 0 1 0 {wide} 0a{r} {r} 0 1 0-{wide} 0");
                return Some((style, ring));
            };
            let _ = write!(
                style,
                " class=\"d\" stroke=\"{fill}\" stroke-width=\"{}\"",
                2 * r
            );
            return Some((style, format!("M{x} {y}h0")));
        }
        let points = match self.name {
            "line" => vec![
                (self.number("x1")?, self.number("y1")?),
                (self.number("x2")?, self.number("y2")?),
            ],
            "polyline" if self.get("fill") == Some("none") => {
                let pairs = self.get("points")?.split_whitespace();
                let each = pairs.map(|p| {
                    let (x, y) = p.split_once(',')?;
                    Some((x.parse().ok()?, y.parse().ok()?))
                });
                each.collect::<Option<Vec<(i64, i64)>>>()?
            }
            _ => return None,
        };
        for name in ["stroke", "stroke-dasharray", "stroke-width"] {
            if let Some(value) = self.get(name) {
                let _ = write!(style, " {name}=\"{value}\"");
            }
        }
        Some((style, path(&points)?))
    }
}

/// From the first point on in differences: they are short.
fn path(points: &[(i64, i64)]) -> Option<String> {
    let (x, y) = points.first()?;
    let mut out = format!("M{x} {y}");
    if points.len() == 1 {
        out += "h0";
    }
    for (i, pair) in points.windows(2).enumerate() {
        let (x, y) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        out += match (i, x < 0) {
            (0, _) => "l",
            (_, true) => "",
            (_, false) => " ",
        };
        let space = if y < 0 { "" } else { " " };
        let _ = write!(out, "{x}{space}{y}");
    }
    Some(out)
}

/// A text's start tag without what the style sheet says anyway.
fn text(out: &mut String, element: &Element<'_>) {
    *out += "<text";
    for (key, value) in &element.attributes {
        let value = match *key {
            "dy" | "font-family" => continue,
            "opacity" if *value == "1" => continue,
            "text-anchor" if *value == "start" => continue,
            "font-size" => {
                let size: f64 = value.parse().unwrap_or(120.0);
                format!("{}", (10.0 * size).round() / 10.0)
            }
            _ => (*value).to_owned(),
        };
        let _ = write!(out, " {key}=\"{value}\"");
    }
    out.push('>');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_styles_share_a_path_and_the_rest_stays() {
        let svg = "<?xml version=\"1.0\"?>\n<svg width=\"9\" height=\"9\" viewBox=\"0 0 90 90\">\n\
            <rect x=\"0\" y=\"0\" width=\"9\" height=\"9\" opacity=\"1\" fill=\"#FFFFFF\" stroke=\"none\"/>\n\
            <circle cx=\"1\" cy=\"2\" r=\"3\" opacity=\"1\" fill=\"#111111\" stroke=\"none\" stroke-width=\"1\"/>\n\
            <circle cx=\"4\" cy=\"5\" r=\"3\" opacity=\"1\" fill=\"#111111\" stroke=\"none\" stroke-width=\"1\"/>\n\
            <circle cx=\"4\" cy=\"5\" r=\"3\" opacity=\"1\" fill=\"none\" stroke=\"#111111\" stroke-width=\"1\"/>\n\
            <line opacity=\"0.45\" stroke=\"#222222\" stroke-width=\"14\" x1=\"1\" y1=\"1\" x2=\"0\" y2=\"5\"/>\n\
            <polyline fill=\"none\" opacity=\"1\" stroke=\"#222222\" stroke-dasharray=\"6 4\" stroke-width=\"14\" points=\"1,1 3,4 2,9 5,8 \"/>\n\
            <text x=\"1\" y=\"2\" dy=\"0.5ex\" text-anchor=\"start\" font-family=\"A\" font-size=\"120.00000000000001\" opacity=\"1\" fill=\"#333333\">\na &lt;b&gt;\n</text>\n</svg>\n";
        let expected = "<svg width=\"9\" height=\"9\" viewBox=\"0 0 90 90\">\n\
            <rect x=\"0\" y=\"0\" width=\"9\" height=\"9\" fill=\"#FFFFFF\" stroke=\"none\"/>\n\
            <path class=\"d\" stroke=\"#111111\" stroke-width=\"6\" d=\"M1 2h0M4 5h0\"/>\n\
            <path stroke=\"#111111\" stroke-width=\"1\" d=\"M1 5a3 3 0 1 0 6 0a3 3 0 1 0-6 0\"/>\n\
            <path opacity=\"0.45\" stroke=\"#222222\" stroke-width=\"14\" d=\"M1 1l-1 4\"/>\n\
            <path stroke=\"#222222\" stroke-dasharray=\"6 4\" stroke-width=\"14\" d=\"M1 1l2 3-1 5 3-1\"/>\n\
            <text x=\"1\" y=\"2\" font-size=\"120\" fill=\"#333333\">a &lt;b&gt;</text>\n</svg>\n";
        assert_eq!(packed(svg), expected);
        // Packed again it stays the same.
        assert_eq!(packed(expected), expected);
    }
}
