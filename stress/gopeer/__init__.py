"""A small program made of Go's own `cmd/go/internal/lockedfile`, to time beside ours and to contend with it."""

from .builder import GoPeerError, build, installed_go

__all__ = ["GoPeerError", "build", "installed_go"]
