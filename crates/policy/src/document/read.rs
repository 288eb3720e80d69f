//! From JSON to typed settings, naming everything that is wrong.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::fault::{DocumentError, Fault};
use super::json::{Object, canonical, kind};
use super::setting::{Data, Member, RegistryType, Setting};
use crate::limits::{
    FAULTS_MAX, NAME_CHARS_MAX, OTHER_BYTES_MAX, OTHER_DEPTH_MAX, OTHER_MEMBERS_MAX, SETTINGS_MAX, TEXT_CHARS_MAX,
};
use crate::platform::Platform;

pub(super) fn settings(bytes: &[u8]) -> Result<Vec<Arc<Setting>>, DocumentError> {
    let whole: &RawValue = serde_json::from_slice(bytes).map_err(|error| no_json(&error))?;
    let mut faults = Faults::default();
    let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(whole.get()) else {
        faults.add("", format!("A settings document is an array of settings, not {}.", kind(whole)));
        return Err(faults.into_error());
    };
    if elements.len() > SETTINGS_MAX {
        faults.add("", format!("There are {} settings; {SETTINGS_MAX} are the most.", elements.len()));
        return Err(faults.into_error());
    }
    let mut settings = Vec::with_capacity(elements.len());
    for (at, element) in elements.into_iter().enumerate() {
        settings.push(setting(element, &format!("[{at}]"), &mut faults));
    }
    refuse_twice(&settings, &mut faults);
    if faults.count > 0 {
        return Err(faults.into_error());
    }
    Ok(settings.into_iter().flatten().map(Arc::new).collect())
}

fn no_json(error: &serde_json::Error) -> DocumentError {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default().to_owned();
    DocumentError::Json { line: error.line(), column: error.column(), message }
}

#[derive(Default)]
struct Faults {
    named: Vec<Fault>,
    count: usize,
}

impl Faults {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.count += 1;
        if self.named.len() < FAULTS_MAX {
            self.named.push(Fault { path: path.into(), message: message.into() });
        }
    }

    fn into_error(self) -> DocumentError {
        DocumentError::Faults { faults: self.named, count: self.count }
    }
}

/// The members of an element as they are read; each but unknown ones once at most.
#[derive(Default)]
struct Given {
    setting_id: Option<Arc<str>>,
    parent_setting_id: Option<Arc<str>>,
    name: Option<Arc<str>>,
    app: Option<Arc<str>>,
    enabled: Option<bool>,
    key: Option<Arc<str>>,
    value_name: Option<Arc<str>>,
    reg_key_full_path: Option<Arc<str>>,
    ty: Option<Arc<str>>,
    value: Option<Arc<str>>,
    platforms: Option<Vec<Platform>>,
    others: Vec<Member>,
}

/// `None` when something is wrong with it, which is then among the faults.
fn setting(element: &RawValue, at: &str, faults: &mut Faults) -> Option<Setting> {
    let before = faults.count;
    let Ok(Object(members)) = serde_json::from_str(element.get()) else {
        faults.add(at, format!("A setting is an object, not {}.", kind(element)));
        return None;
    };
    let mut given = Given::default();
    let mut seen = HashSet::new();
    for (name, value) in &members {
        let path = format!("{at}.{name}");
        if !seen.insert(name.as_str()) {
            faults.add(path, "The member stands there twice.");
            continue;
        }
        member(&mut given, name, value, &path, faults);
    }
    given.others.sort_by(|a, b| a.name.cmp(&b.name));
    let setting = whole(given, at, faults);
    setting.filter(|_| faults.count == before)
}

fn member(given: &mut Given, name: &str, value: &RawValue, path: &str, faults: &mut Faults) {
    // Null is what is not there, for members whose absence has a meaning.
    if value.get() == "null" && name != "settingId" {
        return;
    }
    let mut text = |chars_max| text(value, path, chars_max, faults);
    match name {
        "settingId" => given.setting_id = text(NAME_CHARS_MAX),
        "parentSettingId" => given.parent_setting_id = text(NAME_CHARS_MAX),
        "name" => given.name = text(TEXT_CHARS_MAX),
        "app" => given.app = text(NAME_CHARS_MAX),
        "key" => given.key = text(NAME_CHARS_MAX),
        "valueName" => given.value_name = text(NAME_CHARS_MAX),
        "regKeyFullPath" => given.reg_key_full_path = text(NAME_CHARS_MAX),
        "type" => given.ty = text(NAME_CHARS_MAX),
        "value" => given.value = text(TEXT_CHARS_MAX),
        "class" => {
            if let Some(class) = text(NAME_CHARS_MAX)
                && !class.eq_ignore_ascii_case("User")
            {
                faults.add(path, "Only policies of the class 'User' reach users.");
            }
        }
        "enabled" => match value.get() {
            "true" => given.enabled = Some(true),
            "false" => given.enabled = Some(false),
            _ => faults.add(path, format!("A boolean is expected, not {}.", kind(value))),
        },
        "applicablePlatforms" => given.platforms = platforms(value, path, faults),
        _ => other(given, name, value, path, faults),
    }
}

fn text(value: &RawValue, path: &str, chars_max: usize, faults: &mut Faults) -> Option<Arc<str>> {
    let Ok(text) = serde_json::from_str::<String>(value.get()) else {
        faults.add(path, format!("A string is expected, not {}.", kind(value)));
        return None;
    };
    if text.contains('\0') {
        faults.add(path, "U+0000 is not allowed.");
        return None;
    }
    let chars = text.chars().count();
    if chars > chars_max {
        faults.add(path, format!("The text has {chars} characters; {chars_max} are the most."));
        return None;
    }
    Some(text.into())
}

fn platforms(value: &RawValue, path: &str, faults: &mut Faults) -> Option<Vec<Platform>> {
    let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(value.get()) else {
        faults.add(path, format!("An array of platforms is expected, not {}.", kind(value)));
        return None;
    };
    let mut found = Vec::new();
    for (at, element) in elements.into_iter().enumerate() {
        let name = serde_json::from_str::<String>(element.get()).ok();
        match name.as_deref().and_then(Platform::from_setting) {
            Some(platform) if !found.contains(&platform) => found.push(platform),
            Some(_) => {}
            None => faults.add(format!("{path}[{at}]"), "One of Win32, Mac, iOS, Android, Web is expected."),
        }
    }
    found.sort_unstable();
    Some(found)
}

fn other(given: &mut Given, name: &str, value: &RawValue, path: &str, faults: &mut Faults) {
    if given.others.len() == OTHER_MEMBERS_MAX {
        faults.add(path, format!("A setting may have {OTHER_MEMBERS_MAX} members that this service does not know."));
        return;
    }
    let bytes = value.get().len();
    if bytes > OTHER_BYTES_MAX {
        faults.add(path, format!("The value has {bytes} bytes; {OTHER_BYTES_MAX} are the most."));
        return;
    }
    let Some(json) = canonical(value, OTHER_DEPTH_MAX) else {
        faults.add(path, format!("The value is nested deeper than {OTHER_DEPTH_MAX} levels."));
        return;
    };
    if name.contains('\0') || json.contains("\\u0000") {
        faults.add(path, "U+0000 is not allowed.");
    } else if name == "platform" {
        // What the answer to a client says itself.
        faults.add(path, "'platform' is for answers; 'applicablePlatforms' says where a setting applies.");
    } else {
        given.others.push(Member { name: name.into(), json: json.into() });
    }
}

fn whole(given: Given, at: &str, faults: &mut Faults) -> Option<Setting> {
    let data = data(&given, at, faults);
    let id_path = format!("{at}.settingId");
    let Some(setting_id) = given.setting_id else {
        // A text that is wrong in itself is among the faults already.
        if !faults.named.iter().any(|fault| fault.path == id_path) {
            faults.add(id_path, "The member is required.");
        }
        return None;
    };
    let form = "'<ADMX prefix>;<policy or element>' is expected.";
    let Some(prefix) = prefix(&setting_id) else {
        faults.add(id_path, form);
        return None;
    };
    if given.parent_setting_id.as_deref().is_some_and(|parent| self::prefix(parent).is_none()) {
        faults.add(format!("{at}.parentSettingId"), form);
    }
    Some(Setting {
        app: given.app.unwrap_or_else(|| prefix.into()),
        parent_setting_id: given.parent_setting_id.unwrap_or_else(|| Arc::clone(&setting_id)),
        setting_id,
        name: given.name,
        enabled: given.enabled.unwrap_or(true),
        key: given.key,
        value_name: given.value_name,
        reg_key_full_path: given.reg_key_full_path,
        data,
        platforms: given.platforms,
        others: given.others,
    })
}

fn data(given: &Given, at: &str, faults: &mut Faults) -> Option<Data> {
    let named = given.ty.as_deref().map(|name| RegistryType::from_name(name).ok_or(name));
    match (named, &given.value) {
        (Some(Ok(ty)), Some(value)) => {
            if let Some(expected) = ty.objection(value) {
                faults.add(format!("{at}.value"), format!("A value of the type {} is {expected}.", ty.name()));
            }
            Some(Data { ty, value: Arc::clone(value) })
        }
        (Some(Err(name)), _) => {
            faults.add(format!("{at}.type"), format!("'{name}' is not a type of registry values."));
            None
        }
        (Some(Ok(_)), None) => {
            faults.add(format!("{at}.value"), "A 'type' stands with a 'value'.");
            None
        }
        (None, Some(_)) => {
            faults.add(format!("{at}.type"), "A 'value' stands with a 'type'.");
            None
        }
        (None, None) => None,
    }
}

fn prefix(id: &str) -> Option<&str> {
    let (prefix, name) = id.split_once(';')?;
    let good = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_control() || c == ';');
    (good(prefix) && good(name)).then_some(prefix)
}

/// A setting stands once for a platform.
fn refuse_twice(settings: &[Option<Setting>], faults: &mut Faults) {
    let mut first = HashMap::new();
    for (at, setting) in settings.iter().enumerate() {
        let Some(setting) = setting else { continue };
        let places = Platform::ALL.into_iter().filter(|platform| setting.applies_to(*platform));
        for platform in places {
            if let Some(earlier) = first.insert((Arc::clone(&setting.setting_id), platform), at) {
                let message = format!("The setting is at [{earlier}] too, for {}.", platform.setting_name());
                faults.add(format!("[{at}].settingId"), message);
                break;
            }
        }
    }
}
