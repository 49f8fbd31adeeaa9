"""The calls of earlier systems, one file each, onto the native decode path; `COMPAT_ROUTES=false` takes them away."""
