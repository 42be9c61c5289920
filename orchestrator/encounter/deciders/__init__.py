"""Who decides in an encounter: memory alone, one language model, or a panel."""
