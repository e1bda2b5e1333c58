//! The environment of this process as others see it.

use std::ffi::CString;

/// Writes `value` over the value of variable `name` where the system shows it to other processes
/// (`/proc/<pid>/environ`); says whether it could: only over a value of the same length, that the
/// process was started with.
///
/// A process that looks at the same instant may see a part of each. No other thread of ours may
/// read or change the environment meanwhile.
#[expect(unsafe_code, reason = "the memory of the environment belongs to nobody in Rust")]
pub fn show(name: &str, value: &str) -> bool {
    let Ok(name) = CString::new(name) else { return false };
    if value.bytes().any(|byte| byte == 0) {
        return false;
    }
    // SAFETY: `name` ends with a zero byte. The result points to the value inside the environment,
    // which ends with a zero byte too, and nobody changes it meanwhile by the condition above.
    let (place, length) = unsafe {
        let place = libc::getenv(name.as_ptr());
        if place.is_null() {
            return false;
        }
        (place, libc::strlen(place))
    };
    if length != value.len() {
        return false;
    }
    // SAFETY: `length` bytes from `place` on are the old value, in memory that may be written, and
    // the new one has exactly as many and no zero byte among them.
    unsafe { std::ptr::copy_nonoverlapping(value.as_ptr(), place.cast::<u8>(), length) };
    true
}
