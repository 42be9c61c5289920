"""Connections to specialists, the ledger, the graph, the reasoning and its verifier, and the faces that people meet."""
