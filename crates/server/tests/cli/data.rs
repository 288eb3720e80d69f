//! `officeconfig backup`, `restore`, `verify`.
