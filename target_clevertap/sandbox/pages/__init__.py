"""The web page of the sandbox: what it holds and has seen, for people."""
