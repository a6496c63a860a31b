//! The escaper of all templates.

use std::fmt::{self, Write};

use askama::filters::Escaper;

use crate::report::format::NOT_XML;

/// Escapes for HTML text and attributes. Control characters, which a browser may interpret or drop,
/// become visible; line ends and tabs stay.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Markup;

impl Escaper for Markup {
    fn write_escaped_str<W: Write>(&self, mut out: W, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                '\n' | '\t' => out.write_char(c)?,
                '\r' => {}
                c if c.is_control() || NOT_XML.contains(&c) => {
                    write!(out, "{}", c.escape_unicode())?;
                }
                c => out.write_char(c)?,
            }
        }
        Ok(())
    }
}
