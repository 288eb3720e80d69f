//! One setting of a document, typed.

use std::sync::Arc;

use super::json::quoted;
use crate::platform::Platform;

/// The types of registry values, as `type` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RegistryType {
    /// `REG_SZ`: text.
    Sz,
    /// `REG_EXPAND_SZ`: text with environment variables.
    ExpandSz,
    /// `REG_DWORD`: 32 bits, the value in decimal digits.
    Dword,
    /// `REG_QWORD`: 64 bits, the value in decimal digits.
    Qword,
    /// `REG_MULTI_SZ`: texts, one a line.
    MultiSz,
    /// `REG_BINARY`: bytes, the value in hexadecimal digits.
    Binary,
}

impl RegistryType {
    const ALL: [Self; 6] = [Self::Sz, Self::ExpandSz, Self::Dword, Self::Qword, Self::MultiSz, Self::Binary];

    /// By its name, exactly as written.
    ///
    /// ```
    /// use policy::RegistryType;
    /// assert_eq!(RegistryType::from_name("REG_DWORD"), Some(RegistryType::Dword));
    /// assert_eq!(RegistryType::from_name("DWORD"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ty| ty.name() == name)
    }

    /// Its name.
    ///
    /// ```
    /// assert_eq!(policy::RegistryType::MultiSz.name(), "REG_MULTI_SZ");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sz => "REG_SZ",
            Self::ExpandSz => "REG_EXPAND_SZ",
            Self::Dword => "REG_DWORD",
            Self::Qword => "REG_QWORD",
            Self::MultiSz => "REG_MULTI_SZ",
            Self::Binary => "REG_BINARY",
        }
    }

    /// What a text must be to be a value of the type; `None` when it is one.
    pub(super) fn objection(self, text: &str) -> Option<&'static str> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Sz | Self::ExpandSz | Self::MultiSz => None,
            Self::Dword => (!digits || text.parse::<u32>().is_err())
                .then_some("a whole number from 0 to 4294967295 in decimal digits"),
            Self::Qword => (!digits || text.parse::<u64>().is_err())
                .then_some("a whole number from 0 to 18446744073709551615 in decimal digits"),
            Self::Binary => {
                let good = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                (!good).then_some("bytes in pairs of hexadecimal digits")
            }
        }
    }
}

/// What is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// `type`
    pub ty: RegistryType,
    /// `value`
    pub value: Arc<str>,
}

/// A member that this service does not know: kept and passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: Arc<str>,
    /// Its value as JSON in canonical form.
    pub json: Arc<str>,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// `settingId`: `<ADMX prefix>;<policy or element>`
    pub setting_id: Arc<str>,
    /// `parentSettingId`, the unit of merging; defaults to `settingId`.
    pub parent_setting_id: Arc<str>,
    /// `name`, for people.
    pub name: Option<Arc<str>>,
    /// `app`; defaults to the prefix of `settingId`.
    pub app: Arc<str>,
    /// `enabled`; defaults to true. False: the policy is set to Disabled, which competes too.
    pub enabled: bool,
    /// `key`, relative to the Office policy key.
    pub key: Option<Arc<str>>,
    /// `valueName`
    pub value_name: Option<Arc<str>>,
    /// `regKeyFullPath`, where the key is outside.
    pub reg_key_full_path: Option<Arc<str>>,
    /// `type` and `value`.
    pub data: Option<Data>,
    /// `applicablePlatforms`, sorted; `None` is all.
    pub platforms: Option<Vec<Platform>>,
    /// The rest, by name.
    pub others: Vec<Member>,
}

impl Setting {
    /// Whether it is for a platform.
    ///
    /// ```
    /// use policy::{Document, Platform};
    ///
    /// let document = Document::parse(br#"[{"settingId":"a;b","applicablePlatforms":["Mac"]}]"#)?;
    /// assert!(document.settings()[0].applies_to(Platform::Mac));
    /// assert!(!document.settings()[0].applies_to(Platform::Web));
    /// # Ok::<(), policy::DocumentError>(())
    /// ```
    pub fn applies_to(&self, platform: Platform) -> bool {
        self.platforms.as_ref().is_none_or(|platforms| platforms.contains(&platform))
    }

    /// What settings of a document are sorted by: no two are equal in it.
    pub(super) fn order(&self) -> (&str, &str, Option<&[Platform]>) {
        (&self.parent_setting_id, &self.setting_id, self.platforms.as_deref())
    }

    /// What a client on a platform gets.
    pub(crate) fn write_for(&self, platform: Platform, out: &mut String) {
        let mut object = Writer::new(out);
        object.text("app", &self.app);
        object.text("platform", platform.setting_name());
        self.write_common(&mut object);
        if !self.enabled {
            object.raw("enabled", "false");
        }
        self.write_others(&mut object);
    }

    pub(super) fn write_canonical(&self, out: &mut String) {
        let mut object = Writer::new(out);
        object.text("app", &self.app);
        self.write_common(&mut object);
        object.raw("enabled", if self.enabled { "true" } else { "false" });
        object.some("name", self.name.as_deref());
        if let Some(platforms) = &self.platforms {
            let names: Vec<String> = platforms.iter().map(|platform| quoted(platform.setting_name())).collect();
            object.raw("applicablePlatforms", &format!("[{}]", names.join(",")));
        }
        self.write_others(&mut object);
    }

    fn write_common(&self, object: &mut Writer<'_>) {
        object.text("settingId", &self.setting_id);
        object.text("parentSettingId", &self.parent_setting_id);
        if let Some(data) = &self.data {
            object.text("type", data.ty.name());
            object.text("value", &data.value);
        }
        object.some("valueName", self.value_name.as_deref());
        object.some("key", self.key.as_deref());
        object.some("regKeyFullPath", self.reg_key_full_path.as_deref());
    }

    fn write_others(&self, object: &mut Writer<'_>) {
        for member in &self.others {
            object.raw(&member.name, &member.json);
        }
        object.end();
    }
}

/// Writes an object member by member.
struct Writer<'o> {
    out: &'o mut String,
    is_first: bool,
}

impl<'o> Writer<'o> {
    fn new(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, is_first: true }
    }

    fn raw(&mut self, name: &str, json: &str) {
        if !self.is_first {
            self.out.push(',');
        }
        self.is_first = false;
        self.out.push_str(&quoted(name));
        self.out.push(':');
        self.out.push_str(json);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.raw(name, &quoted(text));
    }

    fn some(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn end(&mut self) {
        self.out.push('}');
    }
}
