"""A Singer target that loads profiles, events and segments into CleverTap."""
