//! `/user/v1.0/{platform}/policies`

mod fetch;
mod report;
