"""A small program made of Go's own `cmd/go/internal/lockedfile`, to time beside ours and to contend with it."""

from .builder import BUILT_VARIABLE, GoPeerError, build, build_with, installed_go

__all__ = ["BUILT_VARIABLE", "GoPeerError", "build", "build_with", "installed_go"]
