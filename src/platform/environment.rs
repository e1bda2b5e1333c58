//! The environment of this process as other processes see it.

use std::ffi::CString;

/// Overwrites the value of variable `name` with `value` where the system shows it to other
/// processes (`/proc/<pid>/environ`). Returns whether that was possible: only if the process was
/// started with a value of the same length.
///
/// A process that reads the variable at the same instant may see a part of each value. No other
/// thread may read or change the environment meanwhile.
#[expect(unsafe_code, reason = "the memory of the environment belongs to nobody in Rust")]
pub(crate) fn show(name: &str, value: &str) -> bool {
    let Ok(name) = CString::new(name) else { return false };
    if value.bytes().any(|byte| byte == 0) {
        return false;
    }
    // SAFETY: `name` ends with a zero byte. The result points to the value inside the environment,
    // which ends with a zero byte too, and by the condition above nothing changes it meanwhile.
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
    // SAFETY: the `length` bytes from `place` on are the old value in writable memory. The new
    // value has exactly that many bytes and no zero byte.
    unsafe { std::ptr::copy_nonoverlapping(value.as_ptr(), place.cast::<u8>(), length) };
    true
}
