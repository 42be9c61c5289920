"""The words that cross a process boundary: frozen pydantic models, errors and code tables. No torch, no MCP."""
