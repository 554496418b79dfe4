"""Tests beside Go's own lockedfile."""
