//! libFuzzer's way into `odata_fuzz::options`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| odata_fuzz::options(input));
