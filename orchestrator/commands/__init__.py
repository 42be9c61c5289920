"""The orchestrator's own sub-commands, one module each."""
