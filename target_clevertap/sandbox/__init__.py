"""A local CleverTap: the upload, delete, read and segment routes of the REST API, for trying out.

It stands apart on purpose. It imports nothing else of this package and nothing else imports it, so
that a misreading of CleverTap's documentation on one side cannot hide behind the same misreading
on the other. Every rule names its evidence; `docs/sandbox.md` lists them all.
"""
