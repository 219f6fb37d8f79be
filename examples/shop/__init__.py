"""A small shop in PostgreSQL, and the way of its customers into CleverTap."""
