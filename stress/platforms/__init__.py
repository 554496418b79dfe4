"""The tests as another system would run them: on a copy of all code that is told that it is there. See `__main__`."""
