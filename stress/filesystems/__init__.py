"""What holds on which file system: each is mounted, the library is used there by real processes. See `__main__`."""
