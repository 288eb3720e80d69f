//! Every limit of settings documents, with its reason.

/// Settings in one document: the catalogue of all Office policies has some 2,300, each with a few elements on five platforms.
pub const SETTINGS_MAX: usize = 20_000;
/// Characters of a text of a setting: what a registry value that is set by policy can hold.
pub const TEXT_CHARS_MAX: usize = 32_767;
/// Characters of an identifier (`settingId`, `parentSettingId`, `app`, `valueName`): the registry's own limit for a name is 255 for keys and
/// 16,383 for values; ADMX names stay far below.
pub const NAME_CHARS_MAX: usize = 1_024;
/// Members of a setting that this service does not know and passes on.
pub const OTHER_MEMBERS_MAX: usize = 64;
/// Bytes of such a member's value.
pub const OTHER_BYTES_MAX: usize = 8 * 1024;
/// Levels of arrays and objects in it.
pub const OTHER_DEPTH_MAX: usize = 16;
/// Faults that are named; one more line says how many there are in all.
pub const FAULTS_MAX: usize = 100;
