"""Clients to language models, behind the one interface of `wardround.contracts.language`."""
