"""Background rows that somebody handed over, beside the auditor's own."""
