//! Enums in the form `{"kind": "layer", "A": ..., ...}`.
//!
//! serde's own internally tagged enums buffer their fields and forget where an error was. Here the
//! tag is read first and the rest is then read as the fields of its variant, with their names.
//! The enum derives both traits with `#[serde(remote = "Self")]`; [`by_tag!`] makes them the form.

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, VariantAccess, Visitor,
};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::locate;

/// Gives an enum that derives `Serialize` and `Deserialize` with `remote = "Self"` the form in
/// which a field named `$tag` says which variant the other fields are of.
macro_rules! by_tag {
    ($type:ty, $tag:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(
                &self,
                s: S,
            ) -> std::result::Result<S::Ok, S::Error> {
                struct Variant<'v>(&'v $type);
                impl serde::Serialize for Variant<'_> {
                    fn serialize<S: serde::Serializer>(
                        &self,
                        s: S,
                    ) -> std::result::Result<S::Ok, S::Error> {
                        <$type>::serialize(self.0, s)
                    }
                }
                $crate::numerals::tagged::write($tag, &Variant(self), s)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(
                d: D,
            ) -> std::result::Result<Self, D::Error> {
                struct Variant($type);
                impl<'v> serde::Deserialize<'v> for Variant {
                    fn deserialize<D: serde::Deserializer<'v>>(
                        d: D,
                    ) -> std::result::Result<Self, D::Error> {
                        <$type>::deserialize(d).map(Self)
                    }
                }
                $crate::numerals::tagged::read($tag, d).map(|variant: Variant| variant.0)
            }
        }
    };
}
pub(crate) use by_tag;

/// Writes an externally tagged variant as its fields and its tag.
pub(crate) fn write<T: Serialize, S: Serializer>(
    tag: &str,
    variant: &T,
    s: S,
) -> Result<S::Ok, S::Error> {
    let (name, mut fields) = match serde_json::to_value(variant).map_err(S::Error::custom)? {
        Value::Object(one) => match one.into_iter().next() {
            Some((name, Value::Object(fields))) => (name, fields),
            _ => return Err(S::Error::custom("a variant is not made of named fields")),
        },
        Value::String(name) => (name, Map::new()),
        _ => return Err(S::Error::custom("no variant of an enum")),
    };
    fields.insert(tag.into(), name.into());
    fields.serialize(s)
}

/// Reads the fields of the variant that `tag` names.
pub(crate) fn read<'de, T, D>(tag: &'static str, d: D) -> Result<T, D::Error>
where
    T: for<'v> Deserialize<'v>,
    D: Deserializer<'de>,
{
    let fields = Map::deserialize(d)?;
    let kind = match fields.get(tag) {
        None => return Err(D::Error::missing_field(tag)),
        Some(Value::String(kind)) => kind.clone(),
        Some(other) => {
            let text = format!("field `{tag}`: expected a string, got {other}");
            return Err(D::Error::custom(text));
        }
    };
    locate::read(Tagged { kind, fields }).map_err(|e| {
        let text = e.to_string();
        // Of the variants' names only serde knows all.
        match text.strip_prefix("unknown variant") {
            Some(rest) => D::Error::custom(format!("field `{tag}`: unknown{rest}")),
            None => D::Error::custom(text),
        }
    })
}

/// An object as the enum whose variant has the name `kind`.
struct Tagged {
    kind: String,
    fields: Map<String, Value>,
}

impl<'de> Deserializer<'de> for Tagged {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

impl<'de> EnumAccess<'de> for Tagged {
    type Error = serde_json::Error;
    type Variant = Fields;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Fields), Self::Error> {
        let kind: StringDeserializer<Self::Error> = self.kind.into_deserializer();
        Ok((seed.deserialize(kind)?, Fields(self.fields)))
    }
}

/// The fields of a variant; what it does not know, its tag for one, is ignored.
struct Fields(Map<String, Value>);

impl<'de> VariantAccess<'de> for Fields {
    type Error = serde_json::Error;

    fn unit_variant(self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, Self::Error> {
        seed.deserialize(Value::Object(self.0))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom(
            "a variant is not made of named fields",
        ))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        Value::Object(self.0).deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(remote = "Self", rename_all = "kebab-case")]
    enum Shape {
        Empty,
        RightAngled(Sides),
        Circle { radius: f64 },
    }
    by_tag!(Shape, "kind");

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sides {
        sides: Vec<u8>,
        inside: Option<Box<Shape>>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Drawing {
        name: String,
        #[serde(flatten)]
        shape: Shape,
    }

    #[test]
    fn every_form_of_variant_survives() {
        let inside = Some(Box::new(Shape::Circle { radius: 1.5 }));
        for shape in [
            Shape::Empty,
            Shape::RightAngled(Sides {
                sides: vec![3, 4],
                inside,
            }),
        ] {
            let drawing = Drawing {
                name: "a".into(),
                shape,
            };
            let text = serde_json::to_string(&drawing).unwrap();
            assert_eq!(
                serde_json::from_str::<Drawing>(&text).unwrap(),
                drawing,
                "{text}"
            );
        }
        let text = serde_json::to_string(&Shape::Circle { radius: 2.0 }).unwrap();
        assert_eq!(text, r#"{"kind":"circle","radius":2.0}"#);
    }

    #[test]
    fn errors_name_the_field_however_deep() {
        let error = |text: &str| locate::located::<Shape>(text).unwrap_err().to_string();
        for (text, expected) in [
            ("{}", "field `kind`: is missing"),
            (r#"{"kind":1}"#, "field `kind`: expected a string, got 1"),
            (r#"{"kind":"circle"}"#, "field `radius`: is missing"),
            (
                r#"{"kind":"disc"}"#,
                "field `kind`: unknown `disc`, expected one of `empty`, `right-angled`, `circle`",
            ),
            (
                r#"{"kind":"right-angled","sides":[1,-1]}"#,
                "field `sides[1]`: invalid value: integer `-1`, expected u8",
            ),
            (
                r#"{"kind":"right-angled","sides":[],"inside":{"kind":"right-angled","sides":[],
                "inside":{"kind":"circle","radius":"x"}}}"#,
                "field `inside.inside.radius`: invalid type: string \"x\", expected f64",
            ),
        ] {
            assert!(error(text).ends_with(expected), "{text}: {}", error(text));
        }
    }
}
