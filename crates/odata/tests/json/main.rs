//! The JSON reader against serde_json and against anything at all.
#![expect(clippy::unwrap_used, reason = "tests")]

use odata::json::{Json, JsonKind, check, parse};
use proptest::prelude::*;

/// The tree as serde_json would have it.
fn plain(json: &Json<'_>) -> serde_json::Value {
    match &json.kind {
        JsonKind::Null => serde_json::Value::Null,
        JsonKind::Bool(value) => (*value).into(),
        // serde_json reads floats a digit off unless told otherwise; the standard library does not.
        JsonKind::Number(text) => text
            .parse::<i64>()
            .map_or_else(|_| serde_json::Value::from(text.parse::<f64>().unwrap()), serde_json::Value::from),
        JsonKind::String(text) => text.as_ref().into(),
        JsonKind::Array(items) => items.iter().map(plain).collect(),
        JsonKind::Object(members) => {
            let members = members.iter().map(|member| (member.name.to_string(), plain(&member.value)));
            serde_json::Value::Object(members.collect())
        }
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let text = any::<String>().prop_map(|text| text.replace('\0', ""));
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_filter("JSON has no infinity", |number| number.is_finite()).prop_map(Into::into),
        text.clone().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            proptest::collection::btree_map(text.clone(), inner, 0..24)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_writes_is_read_the_same(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        prop_assert_eq!(plain(&parse(text.as_bytes()).unwrap()), value);
        prop_assert!(check(text.as_bytes()).is_ok());
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
        let _ = check(&bytes);
    }

    #[test]
    fn what_looks_like_json_is_taken_exactly_where_serde_takes_it(
        text in proptest::collection::vec(
            prop_oneof![
                Just("{"), Just("}"), Just("["), Just("]"), Just(":"), Just(","), Just("\"a\""), Just("\"b\\n\""), Just("1"),
                Just("-0.5e-3"), Just("01"), Just("true"), Just("nul"), Just(" "), Just("\\"), Just("\"\\ud83d\\ude00\""),
                Just("\"\\ud83d\""), Just("\u{e9}"), Just("\""),
            ],
            0..12,
        )
    ) {
        let text = text.concat();
        let ours = check(text.as_bytes()).is_ok();
        // serde_json's own value tree refuses numbers past f64: exponents here can only grow downwards.
        prop_assert_eq!(ours, serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
    }
}

#[test]
fn offsets_bound_each_value() {
    let text = br#" {"a": [1, "x"], "b":null} "#;
    let json = parse(text).unwrap();
    let JsonKind::Object(members) = &json.kind else { panic!("an object") };
    assert_eq!(&text[json.at..json.end], br#"{"a": [1, "x"], "b":null}"#);
    assert_eq!(&text[members[0].value.at..members[0].value.end], br#"[1, "x"]"#);
}

#[test]
fn a_name_given_twice_is_refused_however_many_there_are() {
    for count in [2, 16, 17, 18, 100] {
        let mut members: Vec<String> = (0..count).map(|at| format!("\"m{at}\":{at}")).collect();
        assert!(parse(format!("{{{}}}", members.join(",")).as_bytes()).is_ok());
        members.push("\"m\\u0030\":0".to_owned());
        let error = parse(format!("{{{}}}", members.join(",")).as_bytes()).unwrap_err();
        assert_eq!(error.path, "m0");
    }
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nested(100).as_bytes()).is_ok());
    assert!(parse(nested(101).as_bytes()).is_err());
    assert!(check(nested(100_000).as_bytes()).is_err());
    let many = format!("[{}0]", "0,".repeat(500_000));
    assert!(parse(many.as_bytes()).is_err());
    assert!(check(many.as_bytes()).is_ok());
}

#[test]
fn a_place_counts_characters_and_not_the_byte_order_mark() {
    let error = parse("\u{feff}{\"\u{e9}\u{1F600}\": x}".as_bytes()).unwrap_err();
    assert_eq!((error.line, error.column), (1, 8));
}
