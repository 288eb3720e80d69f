//! The settings document: a JSON array of settings (DESIGN, section 4). Parsed and validated once, with all faults named; from then on
//! typed. It must never know where the bytes come from.

mod fault;
mod json;
mod read;
mod setting;
mod unit;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::platform::Platform;

pub use fault::{DocumentError, Fault};
pub use setting::{Data, Member, RegistryType, Setting};
pub use unit::Settings;
pub(crate) use unit::Unit;

/// A valid settings document, in canonical order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    settings: Arc<[Arc<Setting>]>,
    units: Box<[Unit]>,
}

impl Document {
    /// Reads and validates bytes.
    ///
    /// ```
    /// use policy::Document;
    ///
    /// let document = Document::parse(br#"[{"settingId":"office16;L_A","type":"REG_DWORD","value":"1"}]"#)?;
    /// assert_eq!(&*document.settings()[0].app, "office16");
    ///
    /// let faults = Document::parse(br#"[{"settingId":"L_A"},{"settingId":"a;b","value":1}]"#).unwrap_err();
    /// assert_eq!(faults.faults().len(), 2);
    /// assert_eq!(faults.faults()[0].path, "[0].settingId");
    /// # Ok::<(), policy::DocumentError>(())
    /// ```
    ///
    /// # Errors
    /// [`DocumentError::Json`] with line and column for what is no JSON; [`DocumentError::Faults`] with each place that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let mut settings = read::settings(bytes)?;
        settings.sort_by(|a, b| a.order().cmp(&b.order()));
        let units = unit::of(&settings);
        Ok(Self { settings: settings.into(), units })
    }

    /// The settings by unit of merging, id and platforms.
    ///
    /// ```
    /// let text = br#"[{"settingId":"b;x"},{"settingId":"a;y","parentSettingId":"a;x"}]"#;
    /// let document = policy::Document::parse(text)?;
    /// assert_eq!(&*document.settings()[0].parent_setting_id, "a;x");
    /// # Ok::<(), policy::DocumentError>(())
    /// ```
    pub fn settings(&self) -> &[Arc<Setting>] {
        &self.settings
    }

    /// The units of merging that say something for a platform, in order, each with its settings for it.
    pub(crate) fn units(&self, platform: Platform) -> impl Iterator<Item = (&Unit, Settings)> {
        self.units.iter().filter_map(move |unit| Some((unit, unit.settings(&self.settings, platform)?)))
    }

    /// The document as JSON in one form: documents that mean the same have the same bytes. Defaults stand written out.
    ///
    /// ```
    /// use policy::Document;
    ///
    /// let one = Document::parse(br#"[ {"value":"1","type":"REG_DWORD","settingId":"a;b"} ]"#)?;
    /// let other = Document::parse(br#"[{"settingId":"a;b","enabled":true,"type":"REG_DWORD","value":"1","app":"a"}]"#)?;
    /// assert_eq!(one.canonical(), other.canonical());
    /// # Ok::<(), policy::DocumentError>(())
    /// ```
    pub fn canonical(&self) -> String {
        let mut out = String::from("[");
        for (at, setting) in self.settings.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            setting.write_canonical(&mut out);
        }
        out.push(']');
        out
    }

    /// SHA-256 of the canonical form.
    ///
    /// ```
    /// let empty = policy::Document::parse(b"[]")?;
    /// assert_eq!(empty.digest()[..4], [0x4f, 0x53, 0xcd, 0xa1]);
    /// # Ok::<(), policy::DocumentError>(())
    /// ```
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.canonical()).into()
    }
}
