//! JSON format: one object a line with time, level, target, message, and the record's pairs as fields.

use std::io::{self, Write as _};

use env_logger::fmt::Formatter;
use log::{
    Record,
    kv::{self, Key, Value, VisitSource},
};
use serde_json::Value as Json;

pub(crate) fn write_record(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let time = out.timestamp_millis().to_string();
    writeln!(out, "{}", line(time, record)?)
}

fn line(time: String, record: &Record<'_>) -> io::Result<String> {
    let mut fields = Fields(vec![
        ("time".to_owned(), time.into()),
        ("level".to_owned(), record.level().as_str().into()),
        ("target".to_owned(), record.target().into()),
        ("message".to_owned(), record.args().to_string().into()),
    ]);
    // Collecting does not fail.
    let _ = record.key_values().visit(&mut fields);
    fields.to_line()
}

/// In their order, which a map would not keep.
struct Fields(Vec<(String, Json)>);

impl Fields {
    fn to_line(&self) -> io::Result<String> {
        let mut line = String::from("{");
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                line.push(',');
            }
            line.push_str(&serde_json::to_string(name)?);
            line.push(':');
            line.push_str(&serde_json::to_string(value)?);
        }
        line.push('}');
        Ok(line)
    }
}

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let mut name = key.as_str().to_owned();
        // The record's own fields come first, and names are unique.
        while self.0.iter().any(|(known, _)| *known == name) {
            name.push('_');
        }
        self.0.push((name, json(&value)));
        Ok(())
    }
}

fn json(value: &Value<'_>) -> Json {
    let number = value
        .to_u64()
        .map(Json::from)
        .or_else(|| value.to_i64().map(Json::from))
        .or_else(|| value.to_f64().map(Json::from));
    number
        .or_else(|| value.to_bool().map(Json::from))
        .unwrap_or_else(|| value.to_string().into())
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    fn line_of(message: &str, pairs: &[(&str, Value<'_>)]) -> String {
        let mut record = Record::builder();
        record
            .level(Level::Info)
            .target("abu_app")
            .key_values(&pairs);
        let time = "2026-12-01T06:00:00.000Z".to_owned();
        line(time, &record.args(format_args!("{message}")).build()).unwrap()
    }

    #[test]
    fn a_record_is_one_object_with_its_pairs_as_fields() {
        let user = "a\u{1b} b";
        let line = line_of(
            "hello\nERROR \"forged\"",
            &[
                ("status", 200_u64.into()),
                ("seconds", 1.25.into()),
                ("is_late", true.into()),
                ("user", Value::from_display(&user)),
                ("level", "mine".into()),
            ],
        );
        assert_eq!(
            line,
            r#"{"time":"2026-12-01T06:00:00.000Z","level":"INFO","target":"abu_app","message":"hello\nERROR \"forged\"","status":200,"seconds":1.25,"is_late":true,"user":"a\u001b b","level_":"mine"}"#
        );
    }
}
