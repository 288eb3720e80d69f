//! libFuzzer's way into `odata_fuzz::csdl`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| odata_fuzz::csdl(input));
