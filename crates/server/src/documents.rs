//! Settings documents that were read, so that a change of one configuration does not read its neighbours anew, and an explanation reads none.
//! By tenant and the hash of the bytes: equal bytes say the same. It must never know what a document is asked for.

use std::sync::Arc;

use bytes::Bytes;
use policy::{Document, DocumentError};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use store::{
    Caller, ClientConfiguration, ConfigurationId, Payload, PayloadContent, PayloadKind, Store, StoreError, TenantId,
};

use crate::limits::{DOCUMENT_BYTES_USUAL, DOCUMENTS_BYTES_MAX};

/// The documents, which leave by a budget in bytes.
pub struct Documents(Cache<Key, Kept, ByBytes>);

type Key = (TenantId, [u8; 32]);

/// A document and the bytes that it was read from, by number.
type Kept = (Arc<Document>, u64);

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Kept> for ByBytes {
    fn weight(&self, _: &Key, (_, bytes): &Kept) -> u64 {
        DOCUMENT_BYTES_USUAL.max(*bytes)
    }
}

impl std::fmt::Debug for Documents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Documents").field("len", &self.0.len()).finish()
    }
}

impl Documents {
    /// None yet.
    pub fn new() -> Self {
        let usual = usize::try_from(DOCUMENTS_BYTES_MAX / DOCUMENT_BYTES_USUAL).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(usual, DOCUMENTS_BYTES_MAX, ByBytes))
    }

    /// What a payload says; `None` when there is none. What is no document is read anew each time: few are.
    ///
    /// # Errors
    /// When it cannot be had.
    pub(crate) async fn of(
        &self,
        store: &dyn Store,
        caller: &Caller,
        configuration: ConfigurationId,
        client: &ClientConfiguration,
        which: PayloadKind,
    ) -> Result<Option<Result<Arc<Document>, DocumentError>>, StoreError> {
        let Some(payload) = client.payload(which) else { return Ok(None) };
        if let Some((known, _)) = self.0.get(&(caller.tenant, payload.sha256)) {
            return Ok(Some(Ok(known)));
        }
        match &payload.content {
            PayloadContent::Inline(bytes) => Ok(Some(self.read(caller.tenant, payload, bytes))),
            // What the store has now, which may be newer than what the caller knows.
            PayloadContent::Stored => {
                let found = store.payload(caller, configuration, client.id, which).await?;
                Ok(found.map(|(payload, bytes)| self.read(caller.tenant, &payload, &bytes)))
            }
        }
    }

    fn read(&self, tenant: TenantId, payload: &Payload, bytes: &Bytes) -> Result<Arc<Document>, DocumentError> {
        let read = Document::parse(bytes).map(Arc::new)?;
        self.0.insert((tenant, payload.sha256), (Arc::clone(&read), payload.len));
        Ok(read)
    }
}

impl Default for Documents {
    fn default() -> Self {
        Self::new()
    }
}
