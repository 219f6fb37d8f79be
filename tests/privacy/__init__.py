"""No value of a record and no secret is told to anyone: logs, errors, reports, files, screens."""
