"""Measurements: this target beside a plain SDK target and a hand-written loop."""
