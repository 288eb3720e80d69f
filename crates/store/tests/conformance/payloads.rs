//! Payloads (R6).

use bytes::Bytes;
use store::{Command, CommitError, NewPayload, PayloadContent, PayloadKind, Precondition, StoreError, Versions, What};

use super::fixture::{Fixture, client, client_id, configuration, create_with};

fn set(which: PayloadKind, payload: Option<NewPayload>) -> Command {
    Command::SetPayload { configuration: configuration(1), client: client_id(1), which, payload }
}

pub(crate) async fn r6_any_bytes_come_back_identical_small_and_large(f: Fixture) {
    let mut new = client(1, None);
    let small = Bytes::from_static(&[0, 159, 146, 150, 255]);
    new.policy_payload = Some(NewPayload::new("application/octet-stream", small.clone()));
    f.commit(create_with(1, vec![], vec![new])).await.unwrap();
    let large = Bytes::from((0..300_000_u32).map(|n| (n % 251) as u8).collect::<Vec<_>>());
    f.commit(set(PayloadKind::UserPreference, Some(NewPayload::new("text/x", large.clone())))).await.unwrap();
    for (which, bytes, media_type, version) in
        [(PayloadKind::Policy, small, "application/octet-stream", 1), (PayloadKind::UserPreference, large, "text/x", 2)]
    {
        let read = f.store.payload(&f.caller, configuration(1), client_id(1), which).await.unwrap();
        let (payload, content) = read.expect("it is there");
        assert_eq!(content, bytes);
        assert_eq!((&*payload.media_type, payload.len, payload.version), (media_type, bytes.len() as u64, version));
        let owner = f.configuration(configuration(1)).await;
        let listed = owner.clients.get(client_id(1)).unwrap().payload(which).unwrap();
        assert_eq!(**listed, payload);
        assert_eq!(listed.content == PayloadContent::Stored, bytes.len() > 65_536);
    }
    assert_eq!(f.configuration(configuration(1)).await.clients.get(client_id(1)).unwrap().stamp.version, 2);
}

pub(crate) async fn r6_a_precondition_is_on_the_payloads_own_version(f: Fixture) {
    f.commit(create_with(1, vec![], vec![client(1, None)])).await.unwrap();
    let payload = || Some(NewPayload::new("text/plain", Bytes::from_static(b"x")));
    let missing = f.commit_if(Precondition::IfMatch(Versions::Any), set(PayloadKind::Policy, payload())).await;
    assert!(matches!(missing, Err(CommitError::PreconditionFailed)));
    f.commit_if(Precondition::IfNoneMatch(Versions::Any), set(PayloadKind::Policy, payload())).await.unwrap();
    let there = f.commit_if(Precondition::IfNoneMatch(Versions::Any), set(PayloadKind::Policy, payload())).await;
    assert!(matches!(there, Err(CommitError::PreconditionFailed)));
    let matching = Precondition::IfMatch(Versions::List(vec![2]));
    f.commit_if(matching, set(PayloadKind::Policy, None)).await.unwrap();
    let read = f.store.payload(&f.caller, configuration(1), client_id(1), PayloadKind::Policy).await.unwrap();
    assert_eq!(read, None);
}

pub(crate) async fn payloads_go_with_their_client_configuration(f: Fixture) {
    let mut new = client(1, None);
    new.policy_payload = Some(NewPayload::new("text/plain", Bytes::from(vec![1; 100_000])));
    f.commit(create_with(1, vec![], vec![new])).await.unwrap();
    let delete = Command::DeleteClient { configuration: configuration(1), client: client_id(1) };
    f.commit(delete).await.unwrap();
    let read = f.store.payload(&f.caller, configuration(1), client_id(1), PayloadKind::Policy).await;
    assert!(matches!(read, Err(StoreError::NotFound { what: What::ClientConfiguration })));
    let again = Command::CreateClient { configuration: configuration(1), client: client(1, None) };
    f.commit(again).await.unwrap();
    let read = f.store.payload(&f.caller, configuration(1), client_id(1), PayloadKind::Policy).await.unwrap();
    assert_eq!(read, None);
}
