"""Fast engines: the numbers of explainers computed in batches, without calling their libraries."""
