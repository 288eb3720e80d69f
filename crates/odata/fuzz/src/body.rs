//! Any JSON body, to any place that takes one: read whole or refused with the place, and what was read can be written.

use bytes::Bytes;
use http::Method;
use odata::engine::Unsealed;

use crate::answer;
use crate::same;
use crate::world::World;

/// Where bodies go. The first byte of an input chooses.
pub(crate) const PLACES: [(&str, &str); 16] = [
    ("POST", "/Products"),
    ("PATCH", "/Products(5d9bc4b8-ef47-4a3c-9c5b-0a2b7c1f0e11)"),
    ("PUT", "/Products(5d9bc4b8-ef47-4a3c-9c5b-0a2b7c1f0e11)"),
    ("PATCH", "/Products"),
    ("PUT", "/Products(5d9bc4b8-ef47-4a3c-9c5b-0a2b7c1f0e11)/ShippingAddress"),
    ("POST", "/Products(5d9bc4b8-ef47-4a3c-9c5b-0a2b7c1f0e11)/RelatedProducts/$ref"),
    ("POST", "/Process"),
    ("PATCH", "/Company"),
    ("POST", "/Beds"),
    ("PATCH", "/Beds(Row=1,Column='a')"),
    ("PUT", "/Beds(Row=1,Column='a')"),
    ("POST", "/Beds/garden.Water"),
    ("POST", "/Beds(Row=1,Column='a')/Tags"),
    ("POST", "/Beds/$query"),
    ("PUT", "/Beds(Row=1,Column='a')/Colour"),
    ("PATCH", "/Beds(Row=1,Column='a')/Depth"),
];

/// A byte that chooses the place, then the body.
pub fn body(input: &[u8]) {
    let Some((place, body)) = input.split_first() else { return };
    let (method, path) = PLACES[usize::from(*place) % PLACES.len()];
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    for world in World::all() {
        let engine = &world.engine;
        let answer = world.bind(&method, path, body).and_then(|(head, operation)| {
            let head = engine.with_query(head, &Bytes::copy_from_slice(body), &Unsealed)?;
            Ok((engine.render(&head, world.perform(&head, &operation)?, &Unsealed)?, operation))
        });
        match answer {
            Ok((response, operation)) => {
                answer::sound(&response);
                if response.status().is_success() && !response.body().is_empty() {
                    same::read_again(world, &method, path, &operation, response.body());
                }
            }
            Err(error) => answer::refusal(engine, &error, input),
        }
    }
}
