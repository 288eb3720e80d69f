//! libFuzzer's way into `odata_fuzz::body`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| odata_fuzz::body(input));
