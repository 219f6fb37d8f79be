"""Tests of the mapping that is suggested for a catalog."""
