//! The demo's people and devices, and how their last check-ins went.

use std::sync::Arc;
use std::time::Duration;

use odata::edm::DateTimeOffset;
use store::CheckinStatus;

use super::estate::{Estate, GROUPS};
use super::random::Dice;

const FIRST: &[&str] = &[
    "Adele",
    "Alex",
    "Amira",
    "Ana",
    "Ben",
    "Bianca",
    "Chidi",
    "Chloe",
    "Daniel",
    "Debra",
    "Diego",
    "Elif",
    "Emily",
    "Enrico",
    "Fatima",
    "Felix",
    "Grady",
    "Hanna",
    "Henrietta",
    "Ines",
    "Irvin",
    "Isaiah",
    "Jakub",
    "Johanna",
    "Joni",
    "Kenji",
    "Laila",
    "Lee",
    "Lidia",
    "Lukas",
    "Lynne",
    "Maja",
    "Mallory",
    "Megan",
    "Mateus",
    "Miriam",
    "Nestor",
    "Nadia",
    "Noor",
    "Oliver",
    "Patti",
    "Pavel",
    "Pradeep",
    "Priya",
    "Quentin",
    "Rosa",
    "Samuel",
    "Sofia",
    "Sven",
    "Tamara",
    "Tomas",
    "Ursula",
    "Viktor",
    "Wanda",
    "Yara",
    "Zoe",
];
const LAST: &[&str] = &[
    "Abe",
    "Adeyemi",
    "Alvarez",
    "Andersen",
    "Bauer",
    "Berger",
    "Bianchi",
    "Bowen",
    "Burke",
    "Cartier",
    "Cho",
    "Costa",
    "Dahl",
    "Dubois",
    "Eriksen",
    "Fernandez",
    "Fischer",
    "Garcia",
    "Gupta",
    "Haas",
    "Hansen",
    "Holloway",
    "Ibrahim",
    "Ito",
    "Ivanova",
    "Jansen",
    "Johansson",
    "Kaya",
    "Keller",
    "Kim",
    "Kowalski",
    "Kumar",
    "Larsen",
    "Lefevre",
    "Lindqvist",
    "Lopez",
    "Mbeki",
    "Meyer",
    "Moreau",
    "Nakamura",
    "Nguyen",
    "Novak",
    "Okafor",
    "Olsen",
    "Papadopoulos",
    "Patel",
    "Pereira",
    "Petrov",
    "Quinn",
    "Ramirez",
    "Rossi",
    "Sato",
    "Schmidt",
    "Silva",
    "Singh",
    "Smith",
    "Suzuki",
    "Tanaka",
    "Torres",
    "Vance",
    "Vargas",
    "Wagner",
    "Weber",
    "Wilber",
    "Young",
    "Zimmermann",
];
const SITES: &[&str] = &["AMS", "BER", "BLR", "CHI", "LIS", "NYC", "OSL", "SAO", "TYO", "WAW"];

/// A kind of device.
struct Model {
    platform: &'static str,
    prefix: &'static str,
    versions: &'static [&'static str],
}

const LAPTOP: Model = Model {
    platform: "Windows",
    prefix: "LT",
    versions: &["10.0.19045.5011", "10.0.22631.4460", "10.0.26100.2314", "10.0.26100.2314", "10.0.22631.4460"],
};
const STATION: Model = Model { platform: "Windows", prefix: "WS", versions: &["10.0.19045.5011", "10.0.19045.4957"] };
const MAC: Model = Model { platform: "Mac", prefix: "MB", versions: &["14.7.1", "15.1", "15.1.1"] };
const PHONE: Model = Model { platform: "iOS", prefix: "IPH", versions: &["17.7", "18.0.1", "18.1"] };
const ANDROID: Model = Model { platform: "Android", prefix: "AND", versions: &["13", "14", "15"] };
const WEB: Model = Model { platform: "Web", prefix: "", versions: &["16.0.18227.40001"] };

/// What goes wrong everywhere.
const ERRORS: &[&str] = &[
    "Fetching policies failed: 0x80072EE7, the server name or address could not be resolved.",
    "Fetching policies failed: HTTP 407 Proxy Authentication Required from proxy.corp.contoso.example:8080.",
    "Fetching policies failed: 0x80072F8F, a certificate chain could not be verified. The device's clock is 3 days behind.",
    "Fetching policies failed: the operation timed out after 30000 ms.",
    "Signing in failed: AADSTS50173, the grant has expired because the password was changed. A fresh sign-in is needed.",
];
/// What goes wrong on Windows.
const WINDOWS_ERRORS: &[&str] = &[
    "Applying policies failed: RegSetValueEx(HKCU\\Software\\Policies\\Microsoft\\Cloud\\Office\\16.0\\word\\security\\vbawarnings): 0x80070005 (access is denied).",
    "Applying policies failed: RegCreateKeyEx(HKCU\\Software\\Policies\\Microsoft\\Cloud\\Office\\16.0\\outlook\\cached mode): 0x800703FA (illegal operation on a registry key that is marked for deletion).",
    "Applying policies failed: excel16;L_DisableDDEServerLaunch is not known to Office 16.0.10416 (LTSC 2019).",
];
/// The build with a fault of its own: what somebody looking at the demo may find out.
const FAULTY_VERSION: &str = "10.0.19045.4957";
const FAULTY_ERROR: &str =
    "Applying policies failed: office16;L_SharedComputerLicensing: 0x8007045B, a system shutdown is in progress.";
const MAC_ERROR: &str =
    "Applying policies failed: the domain com.microsoft.office is managed by a configuration profile.";

const DAY: Duration = Duration::from_hours(24);
/// The time that the check-ins are spread over.
pub(super) const DAYS: u32 = 90;

/// The last check-ins of `count` devices, seen at `now` (since 1970). Each has an identity of its own (ruling R4).
pub(super) fn checkins(count: usize, now: Duration, estate: &Estate, dice: &mut Dice) -> Vec<CheckinStatus> {
    let mut all = Vec::with_capacity(count);
    let mut number = 0;
    while all.len() < count {
        let person = Person::new(number, estate, dice);
        number += 1;
        let devices = devices(&person, dice);
        let left = count - all.len();
        all.extend(devices.into_iter().take(left).map(|(model, serial)| person.checkin(model, serial, now, dice)));
    }
    all
}

struct Person {
    upn: Arc<str>,
    id: Arc<str>,
    groups: Vec<usize>,
    applied: Vec<Arc<str>>,
    site: &'static str,
    /// Minutes east of UTC that their devices write; `None` is UTC.
    offset: Option<i64>,
    /// Their devices fail more often than others'.
    unlucky: bool,
}

impl Person {
    fn new(number: usize, estate: &Estate, dice: &mut Dice) -> Self {
        let names = FIRST.len() * LAST.len();
        // 37 shares no factor with the number of names: a walk over all of them without order and without repetition.
        let name = number.wrapping_mul(37) % names;
        let suffix = match number / names {
            0 => String::new(),
            again => (again + 1).to_string(),
        };
        let upn = format!("{}.{}{suffix}@contoso.example", FIRST[name % FIRST.len()], LAST[name / FIRST.len()]);
        let groups: Vec<usize> = GROUPS
            .iter()
            .enumerate()
            .filter(|(_, group)| dice.below(1000) < group.share)
            .map(|(index, _)| index)
            .collect();
        Self {
            upn: upn.to_lowercase().into(),
            id: dice.uuid().to_string().into(),
            applied: estate.applied(&groups),
            groups,
            site: dice.pick(SITES),
            offset: dice.pick(&[None, None, None, Some(60), Some(-300), Some(540)]),
            unlucky: dice.chance(3),
        }
    }

    fn checkin(&self, model: &'static Model, serial: usize, now: Duration, dice: &mut Dice) -> CheckinStatus {
        let version = dice.pick(model.versions);
        // Most devices were here lately; the rest fade out over the quarter.
        let days = if dice.chance(70) { dice.below(3) } else { dice.below(usize::try_from(DAYS).unwrap_or(90)) };
        let days = u32::try_from(days).unwrap_or(0);
        let ago = (DAY * days + Duration::from_millis(dice.next() % 86_400_000)).min(DAY * DAYS);
        let error = self.error(model, version, dice);
        CheckinStatus {
            user_principal_name: Some(Arc::clone(&self.upn)),
            device_name: (!model.prefix.is_empty())
                .then(|| format!("{}-{}-{serial:05}", model.prefix, self.site).into()),
            device_platform: Some(model.platform.into()),
            device_platform_version: Some(version.into()),
            was_successful: error.is_none(),
            user_id: Arc::clone(&self.id),
            checkin: self.local(now.saturating_sub(ago)),
            error_message: error.map(Into::into),
            applied_policies: Some(self.applied.clone()),
        }
    }

    fn error(&self, model: &Model, version: &str, dice: &mut Dice) -> Option<&'static str> {
        let (percent, own): (usize, &[&'static str]) = match model.platform {
            "Windows" if version == FAULTY_VERSION => (45, &[FAULTY_ERROR]),
            "Windows" => (3, WINDOWS_ERRORS),
            "Mac" => (4, &[MAC_ERROR]),
            _ => (1, ERRORS),
        };
        let percent = if self.unlucky { percent * 5 } else { percent };
        if !dice.chance(percent.min(90)) {
            return None;
        }
        Some(if dice.chance(60) { dice.pick(own) } else { dice.pick(ERRORS) })
    }

    fn local(&self, at: Duration) -> DateTimeOffset {
        let utc = DateTimeOffset::from_unix_nanos(i128::try_from(at.as_nanos()).unwrap_or(0));
        // The form is what the device wrote: its zone, and milliseconds.
        let zone = self.offset.map_or(0x7fff, |minutes| i32::try_from(minutes + 1024).unwrap_or(1024));
        let milliseconds = utc.ticks() / 10_000 * 10_000;
        DateTimeOffset::from_parts(milliseconds, zone << 4 | 3).unwrap_or(utc)
    }
}

/// What a person works on, with serial numbers.
fn devices(person: &Person, dice: &mut Dice) -> Vec<(&'static Model, usize)> {
    const FLOOR: usize = 7;
    let mut models: Vec<&'static Model> = Vec::new();
    if person.groups.contains(&FLOOR) {
        models.extend([&STATION; 3].iter().take(1 + dice.below(3)));
    } else {
        models.push(if dice.chance(18) { &MAC } else { &LAPTOP });
    }
    for (model, percent) in [(&PHONE, 35), (&ANDROID, 30), (&WEB, 45), (&LAPTOP, 12)] {
        if dice.chance(percent) {
            models.push(model);
        }
    }
    models.into_iter().map(|model| (model, dice.below(100_000))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn twenty_thousand_check_ins_have_identities_of_their_own_and_some_fail() {
        let mut dice = Dice::new(7);
        let estate = Estate::new(&mut dice);
        let now = Duration::from_secs(1_795_000_000);
        let all = checkins(20_000, now, &estate, &mut dice);
        let identities: HashSet<_> = all.iter().map(|c| (&c.user_id, &c.device_name, &c.device_platform)).collect();
        assert_eq!((all.len(), identities.len()), (20_000, 20_000));
        let failed = all.iter().filter(|checkin| !checkin.was_successful).count();
        assert!((400..3_000).contains(&failed), "{failed}");
        assert!(all.iter().all(|checkin| checkin.was_successful == checkin.error_message.is_none()));
        let at = |time: Duration| DateTimeOffset::from_unix_nanos(i128::try_from(time.as_nanos()).expect("small"));
        let (first, last) = (at(now.saturating_sub(DAY * 91)), at(now));
        assert!(all.iter().all(|checkin| first <= checkin.checkin && checkin.checkin <= last));
    }

    #[test]
    fn the_same_seed_gives_the_same_people() {
        let make = || {
            let mut dice = Dice::new(7);
            let estate = Estate::new(&mut dice);
            checkins(50, Duration::from_secs(1_795_000_000), &estate, &mut dice)
        };
        assert_eq!(make(), make());
    }
}
