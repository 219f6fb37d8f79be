"""The store of what was delivered, in a file and on a server."""
