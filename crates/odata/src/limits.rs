//! Every limit of the engine, each with its reason. Nothing else belongs here.

/// Longest URL (path and query) in bytes. Browsers and proxies cut at about 8 KiB.
pub(crate) const URL_BYTES_MAX: usize = 16 * 1024;
/// Longest single expression (`$filter`, `$orderby`, …) in bytes; generated `in` lists reach a few KiB.
pub(crate) const EXPRESSION_BYTES_MAX: usize = 12 * 1024;
/// Deepest nesting of an expression. A hand-written one rarely passes 10; the parser recurses.
pub(crate) const EXPRESSION_DEPTH_MAX: usize = 100;
/// Most nodes in one bound expression.
pub(crate) const EXPRESSION_NODES_MAX: usize = 4_000;
/// Most segments in a resource path.
pub(crate) const PATH_SEGMENTS_MAX: usize = 64;
/// Deepest nesting of a JSON body; the reader recurses.
pub(crate) const JSON_DEPTH_MAX: usize = 100;
/// Most properties of one entity or complex value that its open type does not declare: each is looked for among all.
pub(crate) const DYNAMIC_PROPERTIES_MAX: usize = 500;
/// Most values in one JSON body: a tree of them stays below 40 MB whatever the text is; 10,000 check-ins are 120,000.
pub(crate) const JSON_NODES_MAX: usize = 500_000;
/// Deepest nesting of `$expand` and `$select`.
pub(crate) const EXPAND_DEPTH_MAX: usize = 12;
/// Deepest nesting of transformations in `$apply`.
pub(crate) const APPLY_DEPTH_MAX: usize = 12;
/// Most entities that `$expand` puts into one answer: where entities lead to each other, it grows with each level.
pub(crate) const EXPANDED_ENTITIES_MAX: usize = 100_000;
/// Most bytes of streams that `$expand` puts into one answer; each is written as text.
pub(crate) const EXPANDED_STREAM_BYTES_MAX: usize = 16 << 20;
/// Levels that `$levels=max` means. Deeper ones can be asked for by number, up to [`EXPAND_DEPTH_MAX`].
pub(crate) const EXPAND_LEVELS_MAX: usize = 6;
/// Most combinations of one `$crossjoin`, before its filter: each is made and looked at.
pub(crate) const CROSSJOIN_ROWS_MAX: u64 = 1_000_000;
/// Most changes of a collection in one body: all are kept until the last is done.
pub(crate) const COLLECTION_CHANGES_MAX: usize = 10_000;
/// Most items in one `$orderby`.
pub(crate) const ORDERBY_ITEMS_MAX: usize = 16;
/// Most query options in one URL.
pub(crate) const QUERY_OPTIONS_MAX: usize = 64;
/// Most characters of a caller's name or text repeated in an error; a body may hold one of megabytes.
pub(crate) const ERROR_TEXT_CHARS_MAX: usize = 128;
/// Most errors named in one answer.
pub(crate) const ERROR_DETAILS_MAX: usize = 100;
/// Longest name in the grammar, in characters (OData ABNF, `odataIdentifier`).
pub(crate) const IDENTIFIER_CHARS_MAX: usize = 128;
/// Most items in one `$select`, `$expand` or `$compute`; each costs a lookup and a place in every answer.
pub(crate) const PROJECTION_ITEMS_MAX: usize = 200;
/// Most XML nodes in a CSDL document. The largest public model (Microsoft Graph) has about 200,000.
pub(crate) const CSDL_NODES_MAX: u32 = 1_000_000;
/// Deepest inheritance and deepest annotation expression in CSDL: both are walked, and members are copied at each step.
pub(crate) const CSDL_DEPTH_MAX: usize = 100;
/// Most members of a type, inherited ones included, and most children of a container: their numbers are 16 bits wide.
pub(crate) const CSDL_MEMBERS_MAX: usize = u16::MAX as usize;
/// Largest compiled pattern of `matchesPattern`, in bytes; the regex crate's own default is ten times that.
pub(crate) const PATTERN_BYTES_MAX: usize = 1024 * 1024;
/// The same where the pattern is computed: another row can have another one.
pub(crate) const PATTERN_COMPUTED_BYTES_MAX: usize = 64 * 1024;
/// Most computed patterns that are kept compiled; mostly it is one, or a few that rows share.
pub(crate) const PATTERNS_KEPT: usize = 16;
/// Most characters of computed patterns that one run compiles, a pattern counting [`PATTERN_CHARS_LEAST`] at least: 4,096 short
/// ones, or few of the kind that takes long to compile.
pub(crate) const PATTERNS_CHARS_MAX: usize = 64 * 1024;
/// What a short pattern costs beside its characters.
pub(crate) const PATTERN_CHARS_LEAST: usize = 16;
/// Most rows that all transformations of one `$apply` take and give together, or 32 times its input where that is more:
/// joins and `concat` multiply, and a short text can hold hundreds of them.
pub(crate) const APPLY_ROWS_MAX: usize = 2_000_000;
/// Longest text that `concat` makes, in bytes, and most elements of a collection that it makes: nested calls multiply.
pub(crate) const CONCAT_MAX: usize = 64 * 1024;
/// Most bytes of computed texts (16 for an element of a collection) that one row may hold: each item of `$compute` can double
/// the one before it.
pub(crate) const COMPUTED_BYTES_MAX: usize = 256 * 1024;
/// Most elements of collections that the lambdas and counts of one expression look at for one row; nested ones multiply.
pub(crate) const ELEMENTS_VISITED_MAX: u32 = 1_000_000;
/// Most levels of grouping that `rollup`s make together; each walks all rows.
pub(crate) const APPLY_LEVELS_MAX: usize = 64;
/// Deepest nesting of geographic collections; their reader recurses.
pub(crate) const GEO_DEPTH_MAX: usize = 8;
/// Longest chain of parameter aliases that name each other.
pub(crate) const ALIAS_CHAIN_MAX: usize = 8;
/// Most lambda variables in scope at once; each costs a loop inside a loop.
pub(crate) const LAMBDA_DEPTH_MAX: u8 = 8;
/// Most steps along containment in the paths of an OpenAPI document: each multiplies their number.
pub(crate) const OPENAPI_DEPTH_MAX: usize = 4;
/// Most requests in one batch where the application says nothing else: each answer is kept until the last is there.
pub(crate) const BATCH_REQUESTS_MAX: usize = 1_000;
/// The same in the `graph` profile: Graph's own limit, which its SDKs count with.
pub(crate) const BATCH_REQUESTS_MAX_GRAPH: usize = 20;
