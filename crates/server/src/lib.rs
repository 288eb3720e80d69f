//! The officeconfig service: one process that answers the planes of the Office configuration API.
//!
//! Each module below owns one concern; the order of dependency is cli → http → app → admin → auth, env, config.

pub mod admin;
pub mod app;
mod applying;
pub mod auth;
pub mod cli;
pub mod client;
pub mod config;
pub mod demo;
pub mod documents;
pub mod env;
pub mod http;
pub mod limits;
pub mod metrics;
mod openapi;
mod secrets;
