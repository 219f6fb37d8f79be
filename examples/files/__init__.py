"""Files into CleverTap: the samples here, or your own CSV, through tap-spreadsheets."""
