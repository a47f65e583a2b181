"""Tree ensembles read from a file: their nodes, their covers and their Shapley values."""
