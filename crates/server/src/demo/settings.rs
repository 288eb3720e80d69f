//! A few of Office's policies, under the names that its administrative templates give them.

use bytes::Bytes;
use serde_json::{Value, json};

/// One setting, as the settings document writes it (DESIGN section 4).
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) id: &'static str,
    parent: &'static str,
    name: &'static str,
    key: &'static str,
    value_name: &'static str,
    kind: &'static str,
    value: &'static str,
    platforms: &'static [&'static str],
}

const WINDOWS: &[&str] = &["Win32"];
const DESKTOP: &[&str] = &["Win32", "Mac"];
const ALL: &[&str] = &["Win32", "Mac", "iOS", "Android", "Web"];

const fn number(
    id: &'static str,
    name: &'static str,
    key: &'static str,
    value_name: &'static str,
    value: &'static str,
    platforms: &'static [&'static str],
) -> Setting {
    Setting { id, parent: id, name, key, value_name, kind: "REG_DWORD", value, platforms }
}

const fn text(
    id: &'static str,
    name: &'static str,
    key: &'static str,
    value_name: &'static str,
    value: &'static str,
    platforms: &'static [&'static str],
) -> Setting {
    Setting { id, parent: id, name, key, value_name, kind: "REG_SZ", value, platforms }
}

/// A value that is an element of a policy: the policy is what is merged.
const fn element(parent: &'static str, setting: &Setting) -> Setting {
    let &Setting { id, name, key, value_name, kind, value, platforms, .. } = setting;
    Setting { id, parent, name, key, value_name, kind, value, platforms }
}

/// Macros: notify, trust only what is signed, block what came from the internet.
pub(super) const MACROS: &[Setting] = &[
    number(
        "office16;L_VBAWarningsPolicy",
        "VBA Macro Notification Settings",
        r"word\security",
        "vbawarnings",
        "3",
        DESKTOP,
    ),
    element(
        "excel16;L_VBAWarningsPolicy",
        &number("excel16;L_empty4", "VBA Macro Notification Settings", r"excel\security", "vbawarnings", "3", DESKTOP),
    ),
    element(
        "ppt16;L_VBAWarningsPolicy",
        &number(
            "ppt16;L_empty3",
            "VBA Macro Notification Settings",
            r"powerpoint\security",
            "vbawarnings",
            "3",
            DESKTOP,
        ),
    ),
    number(
        "word16;L_BlockMacroExecutionFromInternet",
        "Block macros from running in Office files from the Internet",
        r"word\security",
        "blockcontentexecutionfrominternet",
        "1",
        WINDOWS,
    ),
    number(
        "excel16;L_BlockMacroExecutionFromInternet",
        "Block macros from running in Office files from the Internet",
        r"excel\security",
        "blockcontentexecutionfrominternet",
        "1",
        WINDOWS,
    ),
    number(
        "ppt16;L_BlockMacroExecutionFromInternet",
        "Block macros from running in Office files from the Internet",
        r"powerpoint\security",
        "blockcontentexecutionfrominternet",
        "1",
        WINDOWS,
    ),
    number(
        "office16;L_AutomationSecurity",
        "Automation Security",
        r"common\security",
        "automationsecurity",
        "2",
        WINDOWS,
    ),
    number(
        "office16;L_MacroRuntimeScanScope",
        "Macro Runtime Scan Scope",
        r"common\security",
        "macroruntimescanscope",
        "2",
        WINDOWS,
    ),
];

/// Protected View for what came from elsewhere.
pub(super) const PROTECTED_VIEW: &[Setting] = &[
    number(
        "word16;L_DoNotOpenFilesFromTheInternetZoneInProtectedView",
        "Do not open files from the Internet zone in Protected View",
        r"word\security\protectedview",
        "disableinternetfilesinpv",
        "0",
        WINDOWS,
    ),
    number(
        "excel16;L_DoNotOpenFilesFromTheInternetZoneInProtectedView",
        "Do not open files from the Internet zone in Protected View",
        r"excel\security\protectedview",
        "disableinternetfilesinpv",
        "0",
        WINDOWS,
    ),
    number(
        "word16;L_TurnOffProtectedViewForAttachmentsOpenedFromOutlook",
        "Turn off Protected View for attachments opened from Outlook",
        r"word\security\protectedview",
        "disableattachmentsinpv",
        "0",
        WINDOWS,
    ),
    number(
        "ppt16;L_DoNotOpenFilesInUnsafeLocationsInProtectedView",
        "Do not open files in unsafe locations in Protected View",
        r"powerpoint\security\protectedview",
        "disableunsafelocationsinpv",
        "0",
        WINDOWS,
    ),
];

/// Active content and encryption.
pub(super) const HARDENING: &[Setting] = &[
    number(
        "office16;L_DisableAllActiveX",
        "Disable All ActiveX",
        r"common\security",
        "disableallactivex",
        "1",
        WINDOWS,
    ),
    text(
        "office16;L_EncryptionTypeForPasswordProtectedOfficeOpenXMLFiles",
        "Encryption type for password protected Office Open XML files",
        r"common\security",
        "openxmlencryption",
        "Microsoft Enhanced RSA and AES Cryptographic Provider,AES 256,256",
        DESKTOP,
    ),
    number(
        "excel16;L_DisableDDEServerLaunch",
        "Don't allow Dynamic Data Exchange (DDE) server launch in Excel",
        r"excel\security\external content",
        "disableddeserverlaunch",
        "1",
        WINDOWS,
    ),
    number(
        "excel16;L_DisableDDEServerLookup",
        "Don't allow Dynamic Data Exchange (DDE) server lookup in Excel",
        r"excel\security\external content",
        "disableddeserverlookup",
        "1",
        WINDOWS,
    ),
    number(
        "office16;L_DisableTrustedDocuments",
        "Turn off trusted documents on the network",
        r"word\security\trusted documents",
        "disablenetworktrusteddocuments",
        "1",
        WINDOWS,
    ),
];

/// What leaves the device.
pub(super) const PRIVACY: &[Setting] = &[
    number(
        "office16;L_SendTelemetry",
        "Configure the level of client software diagnostic data sent by Office to Microsoft",
        r"common\clienttelemetry",
        "sendtelemetry",
        "3",
        ALL,
    ),
    number(
        "office16;L_UserContentDisabled",
        "Allow the use of connected experiences in Office that analyze content",
        "common\\privacy",
        "usercontentdisabled",
        "2",
        ALL,
    ),
    number(
        "office16;L_DownloadContentDisabled",
        "Allow the use of connected experiences in Office that download online content",
        "common\\privacy",
        "downloadcontentdisabled",
        "2",
        ALL,
    ),
    number(
        "office16;L_ControllerConnectedServicesEnabled",
        "Allow the use of additional optional connected experiences in Office",
        "common\\privacy",
        "controllerconnectedservicesenabled",
        "2",
        ALL,
    ),
];

/// Feedback to Microsoft.
pub(super) const FEEDBACK: &[Setting] = &[
    number(
        "office16;L_SendFeedback",
        "Allow users to submit feedback to Microsoft",
        r"common\feedback",
        "enabled",
        "0",
        ALL,
    ),
    number(
        "office16;L_Screenshot",
        "Allow users to include screenshots and attachments when they submit feedback to Microsoft",
        r"common\feedback",
        "includescreenshot",
        "0",
        ALL,
    ),
    number(
        "office16;L_EmailCollection",
        "Allow Microsoft to follow up on feedback submitted by users",
        r"common\feedback",
        "includeemail",
        "0",
        ALL,
    ),
];

/// Outlook: mail security.
pub(super) const OUTLOOK_SECURITY: &[Setting] = &[
    number(
        "outlk16;L_OutlookSecurityMode",
        "Outlook Security Mode",
        r"outlook\security",
        "adminsecuritymode",
        "3",
        WINDOWS,
    ),
    number("outlk16;L_SecurityLevelOutlook", "Security setting for macros", r"outlook\security", "level", "3", WINDOWS),
    number(
        "outlk16;L_EnableRPCEncryption",
        "Enable RPC encryption",
        r"outlook\rpc",
        "enablerpcencryption",
        "1",
        WINDOWS,
    ),
    number(
        "outlk16;L_AuthenticationwithExchangeServer",
        "Authentication with Exchange Server",
        r"outlook\security",
        "authenticationservice",
        "16",
        WINDOWS,
    ),
    text(
        "outlk16;L_Level1RemoveFilePolicy",
        "Remove file extensions blocked as Level 1",
        r"outlook\security",
        "fileextensionsremovelevel1",
        "",
        WINDOWS,
    ),
];

/// Outlook: caching for people with large mailboxes.
pub(super) const OUTLOOK_CACHE: &[Setting] = &[
    number(
        "outlk16;L_CachedExchangeMode",
        "Use Cached Exchange Mode for new and existing Outlook profiles",
        r"outlook\cached mode",
        "enable",
        "1",
        WINDOWS,
    ),
    element(
        "outlk16;L_CachedExchangeModeSyncSettings",
        &number(
            "outlk16;L_SyncSlider",
            "Cached Exchange Mode Sync Settings",
            r"outlook\cached mode",
            "syncwindowsetting",
            "12",
            WINDOWS,
        ),
    ),
];

/// File formats that partners can read.
pub(super) const FORMATS: &[Setting] = &[
    text("word16;L_SaveFilesInThisFormat", "Default file format", r"word\options", "defaultformat", "", DESKTOP),
    number("excel16;L_SaveExcelFilesAs", "Default file format", r"excel\options", "defaultformat", "51", DESKTOP),
    number(
        "ppt16;L_SavePowerPointFilesAs",
        "Default file format",
        r"powerpoint\options",
        "defaultformat",
        "27",
        DESKTOP,
    ),
];

/// The same, as the open document formats.
pub(super) const OPEN_FORMATS: &[Setting] = &[
    text("word16;L_SaveFilesInThisFormat", "Default file format", r"word\options", "defaultformat", "ODT", DESKTOP),
    number("excel16;L_SaveExcelFilesAs", "Default file format", r"excel\options", "defaultformat", "60", DESKTOP),
    number(
        "ppt16;L_SavePowerPointFilesAs",
        "Default file format",
        r"powerpoint\options",
        "defaultformat",
        "35",
        DESKTOP,
    ),
];

/// First start and sign-in on shared and kiosk devices.
pub(super) const SHARED_DEVICES: &[Setting] = &[
    number("office16;L_DisableFirstRunMovie", "Disable First Run Movie", r"firstrun", "disablemovie", "1", WINDOWS),
    number(
        "office16;L_BootToOfficeStart",
        "Disable the Office Start screen",
        r"common\general",
        "disableboottoofficestart",
        "1",
        WINDOWS,
    ),
    number("office16;L_BlockSignIn", "Block signing into Office", r"common\signin", "signinoptions", "2", WINDOWS),
    number(
        "office16;L_SharedComputerLicensing",
        "Use shared computer activation",
        r"common\licensing",
        "sharedcomputerlicensing",
        "1",
        WINDOWS,
    ),
];

/// Looks and habits that people may change again.
pub(super) const COMFORT: &[Setting] = &[
    number("office16;L_DefaultUITheme", "Default Office theme", "common", "default ui theme", "4", WINDOWS),
    number(
        "word16;L_AutoSaveEvery",
        "Save AutoRecover info every (minutes)",
        r"word\options",
        "autosaveinterval",
        "5",
        DESKTOP,
    ),
    number(
        "excel16;L_AutoSaveEvery",
        "Save AutoRecover info every (minutes)",
        r"excel\options",
        "autorecovertime",
        "5",
        DESKTOP,
    ),
    number(
        "outlk16;L_HideNewOutlookToggle",
        "Hide the \"Try the new Outlook\" toggle",
        r"outlook\options\general",
        "hidenewoutlooktoggle",
        "1",
        WINDOWS,
    ),
];

/// Add-ins.
pub(super) const ADD_INS: &[Setting] = &[
    number(
        "word16;L_RequireThatApplicationExtensionsAreSigned",
        "Require that application add-ins are signed by Trusted Publisher",
        r"word\security",
        "requireaddinsig",
        "1",
        WINDOWS,
    ),
    number(
        "excel16;L_RequireThatApplicationExtensionsAreSigned",
        "Require that application add-ins are signed by Trusted Publisher",
        r"excel\security",
        "requireaddinsig",
        "1",
        WINDOWS,
    ),
    number(
        "office16;L_BlockTheOfficeStore",
        "Block Web Add-ins",
        r"wef\trustedcatalogs",
        "disableomexcatalogs",
        "1",
        DESKTOP,
    ),
];

/// Copilot and Loop.
pub(super) const ASSISTANTS: &[Setting] = &[
    number("office16;L_CopilotPinning", "Pin Microsoft 365 Copilot", r"common\copilot", "pinning", "0", ALL),
    number("office16;L_Loop_App", "Create and view Loop files in Loop", r"common\loop", "enabled", "0", ALL),
];

/// The settings document with these settings; those in `disabled` are set to Disabled.
pub(super) fn document(groups: &[&[Setting]], disabled: &[&str]) -> Bytes {
    let settings: Vec<Value> = groups
        .iter()
        .flat_map(|group| group.iter())
        .map(|setting| {
            json!({
                "settingId": setting.id,
                "parentSettingId": setting.parent,
                "name": setting.name,
                "app": setting.id.split(';').next(),
                "class": "User",
                "enabled": !disabled.contains(&setting.id),
                "key": setting.key,
                "valueName": setting.value_name,
                "type": setting.kind,
                "value": setting.value,
                "applicablePlatforms": setting.platforms,
            })
        })
        .collect();
    Bytes::from(Value::Array(settings).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_the_members_of_the_design() {
        let bytes = document(&[MACROS, PRIVACY], &["office16;L_SendTelemetry"]);
        let value: Value = serde_json::from_slice(&bytes).expect("JSON");
        let all = value.as_array().expect("an array");
        assert_eq!(all.len(), MACROS.len() + PRIVACY.len());
        assert_eq!(all[0]["settingId"], "office16;L_VBAWarningsPolicy");
        assert_eq!(all[1]["parentSettingId"], "excel16;L_VBAWarningsPolicy");
        let disabled: Vec<_> = all.iter().filter(|s| s["enabled"] == false).map(|s| &s["settingId"]).collect();
        assert_eq!(disabled, ["office16;L_SendTelemetry"]);
    }
}
