//! Tenants by GUID or by name.

use uuid::{Uuid, uuid};

/// The tenant that Microsoft gives to personal accounts.
pub const PERSONAL_ACCOUNTS: Uuid = uuid!("9188040d-6c67-4c5b-b112-36a304b66dad");

/// Our namespace for names of tenants. It never changes: data is stored under what follows from it.
const TENANT_NAMESPACE: Uuid = uuid!("5f0a4f7e-3b0c-4f43-9d4e-0a1b8a4f2c11");

/// The tenant of a GUID, or of a name. The same name, in any case, always gives the same GUID. None when blank.
pub fn tenant_id(text: &str) -> Option<Uuid> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    parse_guid(text).or_else(|| Some(Uuid::new_v5(&TENANT_NAMESPACE, text.to_lowercase().as_bytes())))
}

/// A GUID in its hyphenated form only, in any case; braces and URNs are not what tokens carry.
pub(super) fn parse_guid(text: &str) -> Option<Uuid> {
    if text.len() == uuid::fmt::Hyphenated::LENGTH { Uuid::try_parse(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_always_gives_the_same_guid() {
        // Written out because stored data depends on it.
        assert_eq!(tenant_id("contoso"), Some(uuid!("7fea04ff-0a0a-5b71-a3e1-54256875f045")));
        assert_eq!(tenant_id(" Contoso "), tenant_id("contoso"));
        assert_ne!(tenant_id("contoso"), tenant_id("fabrikam"));
    }

    #[test]
    fn a_guid_is_itself_in_any_case() {
        assert_eq!(tenant_id("9188040D-6C67-4C5B-B112-36A304B66DAD"), Some(PERSONAL_ACCOUNTS));
    }

    #[test]
    fn a_blank_name_is_no_tenant() {
        assert_eq!(tenant_id("  "), None);
    }

    #[test]
    fn only_the_hyphenated_form_is_a_guid() {
        assert_eq!(parse_guid("9188040d6c674c5bb11236a304b66dad"), None);
        assert_eq!(parse_guid("{9188040d-6c67-4c5b-b112-36a304b66dad}"), None);
    }
}
