"""The crash harness: edits are killed, failed and cut off, and a fresh process says what is left of the file."""
