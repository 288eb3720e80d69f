//! Settings documents: what is taken, what is refused and how it is named, and that one meaning has one form.

use policy::{Document, DocumentError, Platform, RegistryType, limits};

fn faults(text: &str) -> Vec<String> {
    Document::parse(text.as_bytes()).expect_err(text).faults().iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_setting_is_read() {
    let text = r#"[{"settingId":"office16;L_VBAWarningsPolicy","parentSettingId":"office16;L_Macros","name":"VBA","app":"word16",
        "class":"User","enabled":false,"key":"word\\security","valueName":"vbawarnings","regKeyFullPath":"k","type":"REG_DWORD",
        "value":"3","applicablePlatforms":["mac","Win32","Mac"],"minVersion":null,"docVersion": "1.0" }]"#;
    let document = Document::parse(text.as_bytes()).expect("good");
    let setting = &document.settings()[0];
    assert_eq!((&*setting.app, setting.enabled), ("word16", false));
    assert_eq!(setting.data.as_ref().map(|data| (data.ty, &*data.value)), Some((RegistryType::Dword, "3")));
    assert_eq!(setting.platforms.as_deref(), Some(&[Platform::Windows, Platform::Mac][..]));
    let others: Vec<_> = setting.others.iter().map(|member| (&*member.name, &*member.json)).collect();
    assert_eq!(others, [("docVersion", "\"1.0\"")], "unknown members are kept");
}

#[test]
fn defaults_come_from_the_setting_id() {
    let document = Document::parse(br#"[{"settingId":"office16;L_A"}]"#).expect("good");
    let setting = &document.settings()[0];
    assert_eq!((&*setting.app, &*setting.parent_setting_id, setting.enabled), ("office16", "office16;L_A", true));
    assert!(Platform::ALL.into_iter().all(|platform| setting.applies_to(platform)));
}

#[test]
fn what_is_no_json_has_a_line_and_a_column() {
    let error = Document::parse(b"[\n  {]").expect_err("no JSON");
    assert!(matches!(error, DocumentError::Json { line: 2, column: 4, .. }), "{error:?}");
    assert!(matches!(Document::parse(b""), Err(DocumentError::Json { line: 1, column: 0, .. })));
    assert!(matches!(Document::parse(b"[] x"), Err(DocumentError::Json { .. })));
    assert!(matches!(Document::parse(b"[\"\xff\"]"), Err(DocumentError::Json { .. })));
}

#[test]
fn every_fault_is_named_with_its_place() {
    let text = r#"[7,{"settingId":"x"},{"settingId":null},{"settingId":"a;b","settingId":"a;b","enabled":"no","type":"DWORD","value":"1"},
        {"settingId":"a;c","type":"REG_DWORD","value":"-1","applicablePlatforms":["Win32","Amiga"]},{"value":"1","parentSettingId":"p"}]"#;
    assert_eq!(
        faults(text),
        [
            "[0]: A setting is an object, not a number.",
            "[1].settingId: '<ADMX prefix>;<policy or element>' is expected.",
            "[2].settingId: A string is expected, not null.",
            "[3].settingId: The member stands there twice.",
            "[3].enabled: A boolean is expected, not a string.",
            "[3].type: 'DWORD' is not a type of registry values.",
            "[4].applicablePlatforms[1]: One of Win32, Mac, iOS, Android, Web is expected.",
            "[4].value: A value of the type REG_DWORD is a whole number from 0 to 4294967295 in decimal digits.",
            "[5].type: A 'value' stands with a 'type'.",
            "[5].settingId: The member is required.",
        ]
    );
    assert_eq!(faults("{}"), ["A settings document is an array of settings, not an object."]);
    assert_eq!(
        faults(r#"[{"settingId":"a;b","class":"Machine"}]"#),
        ["[0].class: Only policies of the class 'User' reach users."]
    );
}

#[test]
fn a_setting_stands_once_for_a_platform() {
    let apart =
        r#"[{"settingId":"a;b","applicablePlatforms":["Mac"]},{"settingId":"a;b","applicablePlatforms":["Win32"]}]"#;
    assert!(Document::parse(apart.as_bytes()).is_ok());
    let both = r#"[{"settingId":"a;b","applicablePlatforms":["Mac","Web"]},{"settingId":"a;b","applicablePlatforms":["Web"]}]"#;
    assert_eq!(faults(both), ["[1].settingId: The setting is at [0] too, for Web."]);
}

#[test]
fn values_fit_their_type() {
    let value = |ty: &str, value: &str| {
        let text = format!(r#"[{{"settingId":"a;b","type":"{ty}","value":"{value}"}}]"#);
        Document::parse(text.as_bytes()).is_ok()
    };
    assert!(value("REG_DWORD", "4294967295") && !value("REG_DWORD", "4294967296"));
    assert!(!value("REG_DWORD", "") && !value("REG_DWORD", "+1") && !value("REG_DWORD", "0x1"));
    assert!(value("REG_QWORD", "18446744073709551615") && !value("REG_QWORD", "18446744073709551616"));
    assert!(value("REG_BINARY", "") && value("REG_BINARY", "0aFF") && !value("REG_BINARY", "0aF"));
    assert!(value("REG_SZ", "") && value("REG_EXPAND_SZ", "%TEMP%") && value("REG_MULTI_SZ", "a\\nb"));
}

#[test]
fn limits_are_kept_and_named() {
    let long = "x".repeat(limits::TEXT_CHARS_MAX + 1);
    let text = format!(r#"[{{"settingId":"a;b","type":"REG_SZ","value":"{long}"}}]"#);
    let found = faults(&text);
    assert_eq!(found[0], "[0].value: The text has 32768 characters; 32767 are the most.");
    assert_eq!(faults(r#"[{"settingId":"a;b","name":"\u0000"}]"#), ["[0].name: U+0000 is not allowed."]);
    let deep = |levels: usize| format!(r#"[{{"settingId":"a;b","x":{}{}}}]"#, "[".repeat(levels), "]".repeat(levels));
    assert!(Document::parse(deep(limits::OTHER_DEPTH_MAX).as_bytes()).is_ok());
    assert_eq!(faults(&deep(limits::OTHER_DEPTH_MAX + 1)), ["[0].x: The value is nested deeper than 16 levels."]);
    assert_eq!(faults(&deep(1_000_000)), ["[0].x: The value has 2000000 bytes; 8192 are the most."]);
    let many = format!("[{}]", vec!["1"; limits::FAULTS_MAX + 5].join(","));
    let error = Document::parse(many.as_bytes()).expect_err("numbers");
    assert_eq!(error.faults().len(), limits::FAULTS_MAX);
    assert!(error.to_string().ends_with("and 5 more"), "{error}");
    let many = format!("[{}]", vec!["1"; limits::SETTINGS_MAX + 1].join(","));
    assert_eq!(faults(&many), ["There are 20001 settings; 20000 are the most."]);
}

#[test]
fn one_meaning_has_one_form() {
    let one = Document::parse(br#"[{"settingId":"a;b","x":{"b":1.0,"a":[ 1 , "\u0041" ]}},{"settingId":"a;a"}]"#)
        .expect("good");
    let other =
        r#"[ {"app":"a","settingId":"a;a","name":null},{"x":{"a":[1,"A"],"b":1.0},"enabled":true,"settingId":"a;b"} ]"#;
    let other = Document::parse(other.as_bytes()).expect("good");
    assert_eq!((one.canonical(), one.digest()), (other.canonical(), other.digest()));
    let again = Document::parse(one.canonical().as_bytes()).expect("the canonical form is a document");
    assert_eq!(again, one);
    let changed =
        Document::parse(br#"[{"settingId":"a;b","x":{"b":1,"a":[1,"A"]}},{"settingId":"a;a"}]"#).expect("good");
    assert_ne!(changed.digest(), one.digest(), "a number counts as written");
}
