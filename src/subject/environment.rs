//! The environment of a child: what programs need to run, and no secrets.

use std::ffi::OsString;

/// Variables that a child sees, by name; a `*` at the end stands for any ending. Tokens, keys and
/// credentials are in none of them.
pub const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TERM",
    "TMPDIR",
    "TEMP",
    "TMP",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONHASHSEED",
    "PYTHONUNBUFFERED",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "CONDA_DEFAULT_ENV",
    "JULIA_DEPOT_PATH",
    "JULIA_LOAD_PATH",
    "JULIA_PROJECT",
    "JULIA_NUM_THREADS",
    "JAX_*",
    "XLA_FLAGS",
    "TF_CPP_MIN_LOG_LEVEL",
    "OMP_*",
    "MKL_*",
    "OPENBLAS_*",
    "NUMEXPR_*",
    "VECLIB_*",
    "KMP_*",
    "CUDA_*",
    "CUBLAS_*",
    "NVIDIA_*",
    "NUMBA_*",
    "RUST_BACKTRACE",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "USERPROFILE",
    "RATECERT_*",
];

/// What a name that is kept must not contain.
const SECRET: &[&str] = &["TOKEN", "KEY", "SECRET", "PASSWORD", "CREDENTIAL"];

/// The variables of this process that a child is given.
pub fn kept() -> Vec<(OsString, OsString)> {
    let known = |name: &str| {
        KEPT.iter().any(|k| match k.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => *k == name,
        })
    };
    let secret = |name: &str| {
        let name = name.to_ascii_uppercase();
        SECRET.iter().any(|word| name.contains(word))
    };
    std::env::vars_os()
        .filter(|(name, _)| {
            name.to_str()
                .is_some_and(|name| known(name) && !secret(name))
        })
        .collect()
}
