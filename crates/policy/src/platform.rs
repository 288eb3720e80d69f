//! The platforms of Office, as URLs and as settings spell them.

use std::fmt;

/// A platform that clients check in from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Platform {
    /// Windows
    Windows,
    /// macOS
    Mac,
    /// iOS and iPadOS
    Ios,
    /// Android
    Android,
    /// Office for the web
    Web,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Windows, Self::Mac, Self::Ios, Self::Android, Self::Web];

    /// As in `/user/v1.0/{platform}/policies`; `None` for any other text. Letters' case does not count.
    ///
    /// ```
    /// use policy::Platform;
    /// assert_eq!(Platform::from_url("Windows"), Some(Platform::Windows));
    /// assert_eq!(Platform::from_url("Win32"), None);
    /// ```
    pub fn from_url(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.url_name().eq_ignore_ascii_case(text))
    }

    /// As in `applicablePlatforms`; `None` for any other text. Letters' case does not count.
    ///
    /// ```
    /// use policy::Platform;
    /// assert_eq!(Platform::from_setting("win32"), Some(Platform::Windows));
    /// assert_eq!(Platform::from_setting("windows"), None);
    /// ```
    pub fn from_setting(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.setting_name().eq_ignore_ascii_case(text))
    }

    /// The segment of the URL.
    ///
    /// ```
    /// assert_eq!(policy::Platform::Ios.url_name(), "ios");
    /// ```
    pub const fn url_name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Mac => "mac",
            Self::Ios => "ios",
            Self::Android => "android",
            Self::Web => "web",
        }
    }

    /// The name in settings.
    ///
    /// ```
    /// assert_eq!(policy::Platform::Windows.setting_name(), "Win32");
    /// ```
    pub const fn setting_name(self) -> &'static str {
        match self {
            Self::Windows => "Win32",
            Self::Mac => "Mac",
            Self::Ios => "iOS",
            Self::Android => "Android",
            Self::Web => "Web",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url_name())
    }
}
