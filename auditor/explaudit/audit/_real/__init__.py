"""What a model does on real rows: effects, pairs, dependence, shares."""
