"""Tests of `lockedfile`, and what they share."""
