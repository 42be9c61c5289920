"""How well case memory finds: relevance, measures, rankers side by side, and speed."""
