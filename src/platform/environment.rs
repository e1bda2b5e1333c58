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

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing of the environment is changed where the value does not fit into the place of the
    /// old one.
    #[test]
    fn a_value_is_shown_only_in_the_place_of_one_of_the_same_length() {
        let path = std::env::var("PATH").unwrap();
        assert!(!show("NO_SUCH_VARIABLE_OF_THIS_TEST", ""));
        assert!(!show("PA\0TH", &path));
        assert!(!show("PATH", &format!("{path}x")));
        assert!(!show("PATH", &path[1..]));
        assert!(!show("PATH", &"\0".repeat(path.len())));
        assert_eq!(std::env::var("PATH").unwrap(), path);
    }
}
