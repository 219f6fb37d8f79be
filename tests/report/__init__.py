"""What a run leaves behind for people: figures, the report, its page."""
