//! Any URL: GET of it is answered from the data or refused with the place, and its path is bound alike for every method.

use bytes::Bytes;
use http::{HeaderMap, Method};
use odata::engine::Unsealed;

use crate::answer;
use crate::world::World;

/// A path with its query, without the slash before it.
pub fn url(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let path_and_query = format!("/{text}");
    for world in World::all() {
        read(world, &path_and_query);
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let head = world.engine.head(&method, &path_and_query, &HeaderMap::new(), World::ROOT, &Unsealed);
            if let Err(error) = head {
                answer::refusal(&world.engine, &error, input);
            }
        }
    }
}

/// The whole way of a GET.
pub(crate) fn read(world: &World, path_and_query: &str) {
    let engine = &world.engine;
    let answer = engine
        .head(&Method::GET, path_and_query, &HeaderMap::new(), World::ROOT, &Unsealed)
        .and_then(|head| Ok((engine.bind(&head, Bytes::new(), None)?, head)))
        .and_then(|(operation, head)| engine.render(&head, world.perform(&head, &operation)?, &Unsealed));
    match answer {
        Ok(response) => answer::sound(&response),
        Err(error) => answer::refusal(engine, &error, path_and_query.as_bytes()),
    }
}
