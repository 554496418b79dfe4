"""Tests of the simulator; a module each for a module of it."""
