//! The two personalities of the engine. Data, passed beside the model; the engine asks it, and nothing else differs.

/// How the protocol's open points are answered.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// use odata::Profile;
///
/// for (profile, status) in [(Profile::Strict, 404), (Profile::Graph, 400)] {
///     let engine = shop::engine_with(|settings| settings.profile = profile);
///     let error = shop::head(&engine, "GET /nothing").unwrap_err();
///     assert_eq!(shop::refuse(&engine, &error).status(), status);
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// OASIS rules: 404 for an unknown segment, 501 for what is not offered, version negotiation up to 4.01,
    /// PATCH answers 204 unless a representation is asked for.
    Strict,
    /// Microsoft Graph's rules: 400 for an unknown segment, unsupported is 400, `OData-Version: 4.0` always,
    /// the long `Content-Type`, PATCH answers 200 with the entity, PascalCase codes and `innerError`.
    Graph,
}
