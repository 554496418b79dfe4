"""The tests on a genuine Windows CPython, under Wine: `stress/windows/run`."""
