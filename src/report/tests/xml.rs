//! A checker of well-formedness, small enough to be read.

/// Checks that `text` is well-formed XML without a document type: tags nest, attributes are quoted
/// and unique, references are known, characters are permitted. Returns the number of elements.
pub(in crate::report) fn well_formed(text: &str) -> std::result::Result<usize, String> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if let Some(c) = text.chars().find(|c| !allowed(*c)) {
        return Err(format!("character {c:?}"));
    }
    let content = |s: &str| -> std::result::Result<(), String> {
        for part in s.split('&').skip(1) {
            let name = part
                .split(';')
                .next()
                .filter(|n| n.len() < part.len())
                .ok_or("bare &")?;
            if !matches!(name, "amp" | "lt" | "gt" | "quot" | "apos") && !name.starts_with('#') {
                return Err(format!("unknown reference {name}"));
            }
        }
        if s.contains('<') {
            Err("< in content".into())
        } else {
            Ok(())
        }
    };
    let mut rest = text
        .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        .unwrap_or(text)
        .trim();
    let (mut stack, mut elements) = (Vec::<String>::new(), 0);
    while let Some(open) = rest.find('<') {
        content(&rest[..open])?;
        if open > 0 && stack.is_empty() {
            return Err("text outside the root".into());
        }
        rest = &rest[open + 1..];
        if let Some(after) = rest.strip_prefix('/') {
            let end = after.find('>').ok_or("unclosed tag")?;
            if stack.pop().as_deref() != Some(after[..end].trim()) {
                return Err(format!("</{}> closes nothing", &after[..end]));
            }
            rest = &after[end + 1..];
            continue;
        }
        if stack.is_empty() && elements > 0 {
            return Err("two roots".into());
        }
        elements += 1;
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '>' || c == '/')
            .ok_or("unclosed tag")?;
        let name = rest[..end].to_owned();
        rest = rest[end..].trim_start();
        let mut seen = Vec::new();
        loop {
            if let Some(after) = rest.strip_prefix("/>") {
                rest = after;
                break;
            }
            if let Some(after) = rest.strip_prefix('>') {
                rest = after;
                stack.push(name);
                break;
            }
            let (attribute, after) = rest.split_once("=\"").ok_or("attribute without a value")?;
            if attribute.is_empty()
                || !attribute
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-:_".contains(c))
            {
                return Err(format!("attribute {attribute:?}"));
            }
            if seen.contains(&attribute) {
                return Err(format!("attribute {attribute} twice"));
            }
            seen.push(attribute);
            let (value, after) = after.split_once('"').ok_or("unclosed value")?;
            content(value)?;
            rest = after.trim_start();
        }
    }
    match (rest.trim(), stack.is_empty(), elements) {
        ("", true, 1..) => Ok(elements),
        _ => Err("unclosed element or trailing text".into()),
    }
}

#[test]
fn the_checker_of_well_formedness_sees_faults() {
    for good in [
        "<a/>",
        "<a b=\"&amp;&#10;\"><c/>x</a>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a></a>\n",
    ] {
        assert!(well_formed(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "x",
        "<a>",
        "<a></b>",
        "<a b></a>",
        "<a b=\"<\"/>",
        "<a>&nbsp;</a>",
        "<a>&</a>",
        "<a>\u{1b}</a>",
        "<a/><b/>",
        "<a b=\"1\" b=\"2\"/>",
        "<a b=\"1/>",
        "<a/>x",
    ] {
        assert!(well_formed(bad).is_err(), "{bad}");
    }
}
