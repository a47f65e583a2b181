"""Is this model lying to its explainer? Detectors for a black box, and their verdict."""
