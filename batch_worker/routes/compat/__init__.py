"""The calls of earlier systems, one file each, onto the native jobs; `COMPAT_ROUTES=false` takes them away."""
