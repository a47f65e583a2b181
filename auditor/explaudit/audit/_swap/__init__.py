"""Explaining a few rows in several ways, for a model and its twins alike."""
