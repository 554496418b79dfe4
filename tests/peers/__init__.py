"""Tests beside the peers: other programs and libraries that lock the same files."""
