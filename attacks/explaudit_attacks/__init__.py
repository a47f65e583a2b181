"""explaudit."""
